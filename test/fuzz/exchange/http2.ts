/** A random HTTP/2 session: many streams at once, some of which are reset. */
import http2 from 'node:http2';
import { misfit } from './answer.ts';
import { bodyOf, type Dice, SIZES } from './dice.ts';
import { PATIENCE } from './http1.ts';
import type { Tally } from './tally.ts';
import { aWish, FOUL, oddValue, targetOf } from './wish.ts';

export async function multiplex(port: number, dice: Dice, tally: Tally): Promise<void> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  let left = false;
  const stream = (): Promise<void> =>
    new Promise((resolve) => {
      const wish = aWish(dice);
      const method = dice.of(['GET', 'GET', 'HEAD', 'POST']);
      const sent = method === 'POST' ? dice.of(SIZES) : 0;
      const fields = {
        ':path': targetOf(wish),
        ':method': method,
        ':authority': 'app.test',
        'x-sent': String(sent),
        'x-odd': oddValue(wish.name),
      };
      const request = session.request(fields, { endStream: sent === 0 });
      const parts: Buffer[] = [];
      let head: http2.IncomingHttpHeaders | undefined;
      const patience = setTimeout(() => {
        tally.faults.push(`h2: no answer in time to ${method} ${targetOf(wish)}`);
        resolve();
      }, PATIENCE);
      request.on('response', (given) => {
        head = given;
      });
      request.on('data', (chunk: Buffer) => parts.push(chunk));
      request.on('error', () => undefined);
      const leaves = dice.chance(0.25);
      tally.count(leaves ? 'h2 left' : 'h2');
      if (leaves) setTimeout(() => request.close(8), dice.below(30));
      request.on('close', () => {
        clearTimeout(patience);
        if (head !== undefined && request.rstCode === 0 && !leaves && !left) {
          const fault = misfit(
            { wish, method, refused: false, repeatable: sent === 0 && method !== 'POST' },
            {
              status: Number(head[':status']),
              name: head['x-name'] as string | undefined,
              odd: head['x-odd'] as string | undefined,
              body: Buffer.concat(parts),
              closes: false,
              trailers: undefined,
            },
          );
          tally.judge(fault && `h2: ${fault}`);
        } else if (!leaves && !left && !FOUL.has(wish.mood) && wish.mood !== 'early') {
          tally.faults.push(`h2: reset ${request.rstCode} for ${method} ${targetOf(wish)}`);
        }
        resolve();
      });
      if (sent > 0) request.end(bodyOf(`sent-${wish.name}`, sent));
    });
  const all = Promise.all(Array.from({ length: 1 + dice.below(20) }, stream));
  if (dice.chance(0.1)) {
    setTimeout(() => {
      left = true;
      session.destroy();
    }, dice.below(40));
  }
  await all;
  session.destroy();
}
