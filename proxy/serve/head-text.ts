/** The text of a head that is written by hand: direct replies, informational responses, upgrades, answers to broken messages. */
import { http } from '../../core/node-http.ts';
import type { HeaderBlock } from '../header-block.ts';

/** Status lines with the standard reason, by status. */
const standard: string[] = [];
for (const [status, reason] of Object.entries(http.STATUS_CODES))
  standard[Number(status)] = `HTTP/1.1 ${status} ${reason}\r\n`;

function statusLine(status: number, reason: string): string {
  const usual = standard[status];
  if (
    usual !== undefined &&
    (reason === '' || (usual.length === reason.length + 15 && usual.startsWith(reason, 13)))
  )
    return usual;
  return `HTTP/1.1 ${status} ${reason || 'Unknown'}\r\n`;
}

/** Status line and fields, with the blank line that ends them; `more` are finished lines that go last. */
export function headText(status: number, reason: string, headers: HeaderBlock, more = ''): string {
  const { pairs, fixed } = headers;
  let text = statusLine(status, reason);
  for (let i = 0; i < pairs.length; i += 2) text += `${pairs[i]}: ${pairs[i + 1]}\r\n`;
  return fixed === undefined ? `${text}${more}\r\n` : `${text}${fixed.text}${more}\r\n`;
}
