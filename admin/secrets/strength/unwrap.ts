/** Takes off what says nothing of a secret's making: dashes of a UUID, padding, an encoding around readable text. */

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}';
const UUIDS = new RegExp(`^${UUID}(?:[-_.:+]?${UUID.replace('([0-9a-f])', '[0-9a-f]')})*$`, 'i');
const UUID_LENGTH = 32;
/** Version and variant. */
const UUID_FIXED_BITS = 6;
/** A UUID of a clock holds time and an address: little of it is chance. */
const CLOCK_VERSIONS = '126';
const CLOCK_FIXED_BITS = 108;

export interface Unwrapped {
  readonly text: string;
  /** Bits of it that are the same in every text of its form. */
  readonly fixedBits: number;
}

export function unwrap(value: string): Unwrapped {
  const uuids = UUIDS.exec(value);
  if (uuids !== null) {
    const text = value.replaceAll(/[^0-9a-f]/gi, '');
    const fixed = CLOCK_VERSIONS.includes(uuids[1] as string) ? CLOCK_FIXED_BITS : UUID_FIXED_BITS;
    return { text, fixedBits: (text.length / UUID_LENGTH) * fixed };
  }
  return { text: decoded(value) ?? joined(value.replace(/={1,2}$/, '')), fixedBits: 0 };
}

/** Groups of one length between one kind of mark, as license keys have them. */
function joined(value: string): string {
  const mark = /[-_.: ]/.exec(value)?.[0];
  if (mark === undefined) return value;
  const groups = value.split(mark);
  const first = groups[0] as string;
  return first.length >= 4 && groups.every((group) => group.length === first.length)
    ? groups.join('')
    : value;
}

/** The text inside hex or base64; a hundred random bytes are never all printable. */
function decoded(value: string): string | undefined {
  if (value.length < 16) return undefined;
  const hex = value.length % 2 === 0 && /^[0-9a-f]+$/i.test(value);
  if (hex) return printable(Buffer.from(value, 'hex'));
  if (/^[\w+/-]+={0,2}$/.test(value)) return printable(Buffer.from(value, 'base64'));
  return undefined;
}

function printable(bytes: Buffer): string | undefined {
  return bytes.length >= 10 && bytes.every((byte) => byte >= 32 && byte < 127)
    ? bytes.toString('latin1')
    : undefined;
}
