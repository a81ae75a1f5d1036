/** A random WebSocket handshake: bytes ahead of the 101 and behind it come back once, in order, to the end. */
import net from 'node:net';
import { type Asked, misfit, type Question, take } from './answer.ts';
import { bodyOf, type Dice, SIZES } from './dice.ts';
import { PATIENCE } from './http1.ts';
import type { Tally } from './tally.ts';
import { aWish, FOUL, oddValue, targetOf, type Wish } from './wish.ts';

/** 101, or an app that does not want to: its answer is an ordinary one. */
export function upgrade(port: number, dice: Dice, tally: Tally): Promise<void> {
  const agreed = dice.chance(0.8);
  const asked = aWish(dice);
  const mood = dice.chance(0.1) ? 'reset' : 'plain';
  const wish: Wish = agreed ? { ...asked, status: 101, framing: 'tunnel', mood } : asked;
  const up = bodyOf(`up-${wish.name}`, agreed ? dice.of(SIZES) : 0);
  const early = dice.below(Math.min(up.length, 2000) + 1);
  const leaves = dice.chance(0.1);
  const head = `GET ${targetOf(wish)} HTTP/1.1\r\nHost: app.test\r\nX-Sent: 0\r\nX-Odd: ${oddValue(wish.name)}\r\n`;
  const handshake =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  tally.count(agreed ? 'tunnel' : 'refused tunnel');
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    let bytes: Buffer = Buffer.alloc(0);
    let switched = false;
    let broken = false;
    const over = (): void => {
      clearTimeout(patience);
      socket.destroy();
      resolve();
    };
    const patience = setTimeout(() => {
      tally.faults.push(`tunnel: no end in time of ${targetOf(wish)}, ${bytes.length} bytes`);
      over();
    }, PATIENCE);
    socket.on('connect', () =>
      socket.write(Buffer.concat([Buffer.from(head + handshake, 'latin1'), up.subarray(0, early)])),
    );
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!agreed || switched) return;
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      switched = true;
      if (!bytes.subarray(0, 13).equals(Buffer.from('HTTP/1.1 101 ')))
        tally.faults.push(`tunnel: ${bytes.toString('latin1', 0, 60)} for ${targetOf(wish)}`);
      bytes = bytes.subarray(end + 4);
      if (leaves) socket.resetAndDestroy();
      else socket.end(up.subarray(early));
    });
    socket.on('error', () => {
      broken = true;
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      if (leaves) return over();
      if (agreed) {
        const whole = Buffer.concat([bodyOf(wish.name, wish.size), up]);
        const right = mood === 'reset' ? whole.subarray(0, bytes.length) : whole;
        const same = right.equals(bytes) && (mood === 'reset' || switched);
        tally.judge(same ? '' : `tunnel: ${bytes.length} of ${whole.length} bytes of ${targetOf(wish)}`);
      } else judgeRefusal(bytes, wish, broken, tally);
      over();
    });
  });
}

function judgeRefusal(bytes: Buffer, wish: Wish, broken: boolean, tally: Tally): void {
  const one: Question & Pick<Asked, 'old'> = {
    wish,
    method: 'GET',
    refused: false,
    repeatable: false,
    old: false,
  };
  try {
    const taken = take(bytes, one, !broken);
    if (taken !== undefined) tally.judge(misfit(one, taken.got));
    else if (!FOUL.has(wish.mood)) tally.faults.push(`refused tunnel: no answer for ${targetOf(wish)}`);
  } catch (error) {
    tally.faults.push((error as Error).message);
  }
}
