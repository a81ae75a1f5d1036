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
  return `${statusLine(status, reason)}${headers.text}${more}\r\n`;
}
