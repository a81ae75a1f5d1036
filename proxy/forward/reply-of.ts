/** The head of an app's response as the reply that filters see, without its body. */
import { Reply } from '../exchange.ts';
import { FixedFields, HeaderBlock } from '../header-block.ts';
import { passableFields } from './passable.ts';
import type { ResponseHead } from './response-head.ts';

export function replyOf(head: ResponseHead): Reply {
  const headers = passableOf(head);
  if (head.chunked) {
    for (const raw of new HeaderBlock([...head.headers]).getAll('trailer')) headers.append('Trailer', raw);
  }
  return new Reply(head.status, headers, undefined, 'upstream', head.reason);
}

/** Made ready when it comes again: most heads never do. */
function passableOf(head: ResponseHead): HeaderBlock {
  const { passable } = head;
  if (passable !== undefined) {
    head.ready ??= new FixedFields(passable);
    return new HeaderBlock([], head.ready);
  }
  head.passable = passableFields(head.headers, head.status === 204 ? -1 : head.length, head.nominated);
  return new HeaderBlock([...head.passable]);
}
