/** Every shape in which a known value may turn up in a log: a secret in base64 is still the secret. */

/** A needle under this length would also hit ordinary words. */
export const MIN_NEEDLE = 8;

const MIN_LINE = 16;

const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

function urlEncoded(value: string): string[] {
  const loose = encodeURIComponent(value);
  const strict = loose.replace(/[!'()*~]/g, (c) => percent(c.charCodeAt(0)));
  const forms = [
    loose,
    strict,
    strict.replaceAll('%20', '+'),
    loose.replaceAll('%20', '+'),
    encodeURI(value),
  ];
  const lower = forms.map((form) => form.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()));
  const twice = [loose, strict].map((form) => form.replaceAll('%', '%25'));
  return [...forms, ...lower, ...twice];
}

/** The middle of the base64 of `value` that stays the same whatever stands before and after it, at each shift. */
function base64Cores(value: string): string[] {
  const cores: string[] = [];
  for (let shift = 0; shift < 3; shift++) {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value, 'utf8')]);
    const first = Math.ceil((shift * 8) / 6);
    const last = Math.floor((bytes.length * 8) / 6);
    const core = bytes.toString('base64').slice(first, last);
    cores.push(core, core.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return cores;
}

function quoted(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const again = JSON.stringify(json).slice(1, -1);
  const angle = json.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    json,
    again,
    angle,
    json.replaceAll('/', '\\/'),
    value.replaceAll('\\', '\\\\').replaceAll("'", "\\'"),
    html,
    html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    html.replaceAll('"', '&#34;').replaceAll("'", '&#x27;'),
  ];
}

function hex(value: string): string[] {
  const lower = Buffer.from(value, 'utf8').toString('hex');
  const forms = [lower, lower.toUpperCase()];
  if (/^[0-9a-f]+$/i.test(value)) forms.push(value.toLowerCase(), value.toUpperCase());
  return forms;
}

/** The password of a URL is a secret of its own: drivers print it without the URL around it. */
function urlParts(value: string): string[] {
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^:@/]*)(?::([^@]*))?@/i.exec(value);
  if (!match) return [];
  const part = match[2] || match[1] || '';
  try {
    return [part, decodeURIComponent(part)];
  } catch {
    return [part];
  }
}

/** All needles of one value, none shorter than `MIN_NEEDLE`, none with a line break in it. */
export function encodings(value: string): Set<string> {
  const wellFormed = value.toWellFormed().trim();
  const lines = wellFormed.split(/\r?\n/);
  const values = [wellFormed, ...urlParts(wellFormed)];
  if (lines.length > 1)
    values.push(...lines.filter((line) => line.length >= MIN_LINE && !line.includes('-----')));
  const found = new Set<string>();
  for (const one of values) {
    if (one.length < MIN_NEEDLE) continue;
    for (const form of [one, ...quoted(one), ...urlEncoded(one), ...base64Cores(one), ...hex(one)]) {
      if (form.length >= MIN_NEEDLE && !form.includes('\n')) found.add(form);
    }
  }
  return found;
}
