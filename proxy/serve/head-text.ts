/** The text of a head that is written by hand: direct replies, informational responses, upgrades, answers to broken messages. */
import { http } from '../../core/node-http.ts';
import type { HeaderBlock } from '../header-block.ts';

/** Status line and fields, with the blank line that ends them; `more` are finished lines that go last. */
export function headText(status: number, reason: string, headers: HeaderBlock, more = ''): string {
  let text = `HTTP/1.1 ${status} ${reason || (http.STATUS_CODES[status] ?? 'Unknown')}\r\n`;
  const { pairs, fixed } = headers;
  for (let i = 0; i < pairs.length; i += 2) text += `${pairs[i]}: ${pairs[i + 1]}\r\n`;
  return fixed === undefined ? `${text}${more}\r\n` : `${text}${fixed.text}${more}\r\n`;
}
