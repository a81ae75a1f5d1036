/** A random HTTP/1.1 connection: requests one by one or pipelined, in one piece or in drips, read fast or slowly, left in the middle or not. */
import net from 'node:net';
import { type Asked, misfit, take } from './answer.ts';
import { trickle } from './app.ts';
import { bodyOf, type Dice, inChunks, SIZES } from './dice.ts';
import type { Tally } from './tally.ts';
import { aWish, FOUL, oddValue, targetOf } from './wish.ts';

/** Milliseconds after which an answer counts as never coming. */
export const PATIENCE = 15_000;

function ask(dice: Dice, alone: boolean): Asked {
  const wish = aWish(dice);
  const method = dice.of(['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);
  const sent = dice.chance(0.4) ? dice.of(SIZES) : 0;
  const old = dice.chance(0.05);
  const last = old || dice.chance(0.06);
  const refused = dice.chance(0.04);
  const expects = alone && !old && sent > 0 && dice.chance(0.3);
  let head = `${method} ${targetOf(wish)} HTTP/1.${old ? 0 : 1}\r\nHost: ${refused ? 'a@b' : 'app.test'}\r\n`;
  head += `X-Sent: ${sent}\r\nX-Odd: ${oddValue(wish.name)}\r\n`;
  if (last) head += 'Connection: close\r\n';
  if (expects) head += 'Expect: 100-continue\r\n';
  const kind = refused ? 'refused' : old ? 'HTTP/1.0' : expects ? 'expecting' : method;
  const repeatable = sent === 0 && method !== 'POST';
  const common = { wish, method, last, refused, old, repeatable, kind };
  const body = bodyOf(`sent-${wish.name}`, sent);
  let parts: Buffer[] = [];
  if (sent > 0 && (old || dice.chance(0.5))) {
    head += `Content-Length: ${sent}\r\n`;
    parts = [body];
  } else if (sent > 0) {
    const trailed = dice.chance(0.3);
    head += `Transfer-Encoding: chunked\r\n${trailed ? `Trailer: X-Tail\r\nX-Tail: ${wish.name}\r\n` : ''}`;
    const end = trailed ? `0\r\nX-Tail: ${wish.name}\r\n\r\n` : '0\r\n\r\n';
    parts = [...inChunks(body, 1 + Math.floor(sent / 2000) + dice.below(sent)), Buffer.from(end)];
  }
  const start = Buffer.from(`${head}\r\n`, 'latin1');
  return { ...common, bytes: Buffer.concat([start, ...parts]), waitsAt: expects ? start.length : -1 };
}

export class Conversation {
  private readonly dice: Dice;
  private readonly tally: Tally;
  private readonly asked: readonly Asked[];
  private readonly pipelined: boolean;
  private readonly slow: boolean;
  private readonly dripping: boolean;
  /** Bytes sent or received after which the client leaves; -1 when it stays. */
  private readonly leavesAt: number;
  private readonly socket: net.Socket;
  private readonly patience: NodeJS.Timeout;
  private bytes: Buffer = Buffer.alloc(0);
  /** Bytes that were read and written. */
  private moved = 0;
  private at = 0;
  private sent = 0;
  /** The pieces of what was asked for are all on their way. */
  private whole = true;
  /** The body that waits for its 100. */
  private waiting: Buffer | undefined = undefined;
  private left = false;
  private finished = false;
  private readonly done: () => void;

  static run(port: number, dice: Dice, tally: Tally): Promise<void> {
    return new Promise((resolve) => new Conversation(port, dice, tally, resolve));
  }

  private constructor(port: number, dice: Dice, tally: Tally, done: () => void) {
    this.dice = dice;
    this.tally = tally;
    this.done = done;
    this.pipelined = dice.chance(0.5);
    this.slow = dice.chance(0.15);
    this.dripping = dice.chance(0.15);
    const count = 1 + dice.below(dice.chance(0.3) ? 12 : 4);
    this.asked = Array.from({ length: count }, () => ask(dice, !this.pipelined));
    this.leavesAt = dice.chance(0.2) ? dice.below(dice.of([300, 3000, 100_000])) : -1;
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.patience = setTimeout(() => {
      const open = this.asked.slice(this.at, this.at + 2).map(({ wish, method }) => method + targetOf(wish));
      tally.faults.push(`no answer in time to ${open}`);
      this.over();
    }, PATIENCE);
    this.listen();
  }

  private listen(): void {
    const { socket, dice } = this;
    let broken = false;
    socket.on('connect', () => this.send());
    socket.on('data', (chunk: Buffer) => {
      this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
      if (this.leaves(chunk.length)) return;
      this.read(false);
      if (!this.slow) return;
      socket.pause();
      setTimeout(() => socket.resume(), dice.below(8));
    });
    socket.on('error', () => {
      broken = true;
    });
    socket.on('close', () => {
      if (this.finished) return;
      this.read(!broken);
      if (!this.finished) this.judgeClose();
      this.over();
    });
  }

  private over(): void {
    this.finished = true;
    clearTimeout(this.patience);
    this.socket.destroy();
    this.done();
  }

  /** Counts bytes, and leaves when it is time. */
  private leaves(bytes: number): boolean {
    this.moved += bytes;
    if (this.left) return true;
    if (this.leavesAt < 0 || this.moved <= this.leavesAt) return false;
    this.left = true;
    if (this.dice.chance(0.5)) this.socket.resetAndDestroy();
    else this.socket.destroy();
    return true;
  }

  private send(): void {
    const { asked, dice, pipelined, sent, socket, tally } = this;
    const some = pipelined ? asked.slice(sent) : asked.slice(sent, sent + 1);
    this.sent += some.length;
    for (const { kind } of some) tally.count(this.leavesAt >= 0 ? 'left' : pipelined ? 'pipelined' : kind);
    let all = Buffer.concat(some.map(({ bytes }) => bytes));
    const only = some[0] as Asked;
    if (only.waitsAt >= 0) {
      this.waiting = all.subarray(only.waitsAt);
      all = all.subarray(0, only.waitsAt);
    }
    if (this.leavesAt >= 0 && this.moved + all.length > this.leavesAt) {
      socket.write(all.subarray(0, this.leavesAt - this.moved), () => this.leaves(all.length));
      return;
    }
    this.moved += all.length;
    if (this.dripping) this.later(trickle(socket, all, dice));
    else if (dice.chance(0.25)) {
      const cut = dice.below(all.length);
      socket.write(all.subarray(0, cut));
      this.later(
        new Promise((resolve) =>
          setTimeout(() => {
            socket.write(all.subarray(cut));
            resolve();
          }, dice.below(20)),
        ),
      );
    } else socket.write(all);
  }

  private later(rest: Promise<void>): void {
    this.whole = false;
    void rest.then(() => {
      this.whole = true;
      if (!this.socket.destroyed) this.read(false);
    });
  }

  private read(ended: boolean): void {
    try {
      while (!this.left && this.one(ended));
    } catch (error) {
      this.tally.faults.push((error as Error).message);
      this.over();
    }
  }

  /** Takes the next answer; false when there is none yet, or it was the last. */
  private one(ended: boolean): boolean {
    const { asked, tally } = this;
    const one = asked[this.at];
    // An answer that came before its request was whole: the rest goes first.
    if (one !== undefined && this.at >= this.sent && this.whole && !this.socket.destroyed) this.send();
    if (one === undefined) {
      this.surplus('surplus');
      this.over();
      return false;
    }
    if (this.waiting !== undefined && this.bytes.subarray(0, 13).equals(CONTINUE)) {
      this.socket.write(this.waiting);
      this.waiting = undefined;
    }
    const taken = take(this.bytes, one, ended);
    if (taken === undefined) return false;
    this.at++;
    this.bytes = this.bytes.subarray(taken.next);
    const fault = misfit(one, taken.got);
    tally.judge(fault);
    // A body nobody asked for is not sent: the connection has come to its end.
    if (taken.got.closes || this.waiting !== undefined) {
      if (taken.got.closes) this.surplus('after the last answer');
      else tally.faults.push(`neither asked for the body nor closed: ${targetOf(one.wish)}`);
      this.over();
      return false;
    }
    if (one.last) tally.faults.push(`not closed although asked for: ${targetOf(one.wish)}`);
    return true;
  }

  private surplus(what: string): void {
    if (this.bytes.length > 0)
      this.tally.faults.push(`${what}: ${JSON.stringify(this.bytes.toString('latin1', 0, 80))}`);
  }

  /** Only the client itself, or an app that breaks its answer off, may end a connection before its time. */
  private judgeClose(): void {
    const { asked, at, sent, left } = this;
    const one = asked[at];
    if (one === undefined || left || this.leavesAt >= 0 || at >= sent || one.wish.mood === 'early') return;
    if (asked.slice(0, at + 1).some(({ wish, last, refused }) => FOUL.has(wish.mood) || last || refused))
      return;
    // An answer to HTTP/1.0 that breaks off ends in a reset, which may overtake what was answered before it.
    if (asked.slice(0, sent).some((later) => later.old && FOUL.has(later.wish.mood))) return;
    const open = asked.slice(0, at + 1).map((o) => `${o.method} ${targetOf(o.wish)} (${o.bytes.length})`);
    this.tally.faults.push(`closed before the answer to ${open}, ${this.bytes.length} bytes of it here`);
  }
}

const CONTINUE = Buffer.from('HTTP/1.1 100 ');
