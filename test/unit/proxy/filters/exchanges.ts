/** An exchange as the listener would open it, for tests of one filter. */
import { type Client, Exchange, type RequestHead } from '../../../../proxy/exchange.ts';
import { HeaderBlock } from '../../../../proxy/header-block.ts';

export function exchange(
  headers: string[] = [],
  head: Partial<RequestHead> = {},
  startedAt = 1000,
  from: Partial<Client> = {},
): Exchange {
  const request: RequestHead = {
    kind: 'http',
    version: '1.1',
    method: 'GET',
    target: '/items?token=in-the-query',
    path: '/items',
    authority: 'app.test',
    headers: new HeaderBlock(headers),
    body: undefined,
    ambiguous: false,
    ...head,
  };
  const client: Client = {
    address: '203.0.113.7',
    peer: '10.0.0.1',
    scheme: 'https',
    host: 'app.test',
    trusted: false,
    ...from,
  };
  return new Exchange(request, client, startedAt);
}
