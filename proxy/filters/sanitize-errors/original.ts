/** Reads what the app said in the body of an error: a bounded part of it, without its content coding. */
import { brotliDecompressSync, constants, inflateRawSync, inflateSync, unzipSync } from 'node:zlib';
import { type BodySource, bytesOf, isStream, type Reply } from '../../exchange.ts';

/** Bytes that are read: more than is kept of them, so that no secret is cut before it is recognised. */
const READ = 16 * 1024;
/** Milliseconds the body may take; the client does not wait for it. */
const PATIENCE = 5_000;
/** Characters at a cut that may be half a secret. */
const HALF = 1024;

export interface Original {
  readonly text: string;
  /** More came, or would have come. */
  readonly cut: boolean;
}

/** Calls `done` once, now or later, and lets go of what exceeds the bound. */
export function readOriginal(
  body: Reply['body'],
  coding: string | undefined,
  done: (original: Original) => void,
): void {
  const settle = (bytes: Buffer, cut: boolean): void => {
    const plain = decoded(bytes, coding);
    const text = plain.subarray(0, READ).toString('utf8');
    if (cut || plain.length > READ) done({ text: toLastBlank(text), cut: true });
    else done({ text, cut: false });
  };
  if (body === undefined) settle(Buffer.alloc(0), false);
  else if (isStream(body)) drain(body, settle);
  else settle(bytesOf(body), false);
}

function drain(body: BodySource, settle: (bytes: Buffer, cut: boolean) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  const close = (cut: boolean): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    settle(Buffer.concat(chunks), cut);
  };
  const timer = setTimeout(() => {
    close(true);
    body.cancel();
  }, PATIENCE);
  timer.unref();
  body.flow({
    write(chunk) {
      if (over) return;
      chunks.push(chunk);
      size += chunk.length;
      if (size <= READ) return;
      close(true);
      body.cancel();
    },
    end: () => close(false),
    fail: () => close(true),
  });
}

/** Half a secret at the cut has no form by which it could be recognised. */
function toLastBlank(text: string): string {
  let end = text.length;
  const least = Math.max(0, end - HALF);
  while (end > least && !/\s/.test(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

/** Takes a content coding off, as far as it goes: a body cut short still shows its beginning. */
function decoded(bytes: Buffer, coding: string | undefined): Buffer {
  const maxOutputLength = 1024 * 1024;
  const bounds = { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH };
  try {
    switch (coding?.trim().toLowerCase()) {
      case undefined:
      case '':
      case 'identity':
        return bytes;
      case 'gzip':
      case 'x-gzip':
        return unzipSync(bytes, bounds);
      case 'deflate':
        // Half the world sends raw deflate under this name (RFC 9110 §8.4.1.2).
        return ((bytes[0] ?? 0) & 0x0f) === 8 ? inflateSync(bytes, bounds) : inflateRawSync(bytes, bounds);
      case 'br':
        return brotliDecompressSync(bytes, {
          maxOutputLength,
          finishFlush: constants.BROTLI_OPERATION_FLUSH,
        });
      default:
        return Buffer.from(`[${bytes.length} bytes in another coding]`);
    }
  } catch {
    return Buffer.from(`[${bytes.length} bytes that could not be decoded]`);
  }
}
