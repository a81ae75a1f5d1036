/** The edge policy's rig: railguard with a policy of its own, in front of the recording upstream, asked in three ways. */
import { type Railguard, startRailguard } from '../harness/railguard.ts';
import { h1, h2, type Message } from './case.ts';
import { type Seen, type SeenReply, talkH1 } from './h1-client.ts';
import { talkH2 } from './h2-client.ts';
import { type Fields, values } from './message.ts';
import { type Answer, type SeenRequest, Upstream } from './upstream.ts';

/** A request over HTTP/1.1, one over h2c, and a WebSocket handshake. */
export type Way = 'h1' | 'h2' | 'upgrade';
export const WAYS: readonly Way[] = ['h1', 'h2', 'upgrade'];

export const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';
const HANDSHAKE: Fields = [
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
];

export interface Result {
  readonly status: number;
  readonly reply: SeenReply;
  readonly requests: readonly SeenRequest[];
  /** Every line of a field in the reply; the name in lower case. */
  got(name: string): string[];
}

export class EdgeRig {
  readonly railguard: Railguard;
  readonly upstream: Upstream;

  private constructor(railguard: Railguard, upstream: Upstream) {
    this.railguard = railguard;
    this.upstream = upstream;
  }

  static async start(env: Readonly<Record<string, string>>): Promise<EdgeRig> {
    const upstream = await Upstream.start();
    const own = { UPSTREAM_URL: `http://127.0.0.1:${upstream.port}`, LOG_LEVEL: 'info' };
    return new EdgeRig(await startRailguard({ env: { ...own, ...env }, wait: 'listening' }), upstream);
  }

  async ask(way: Way, message: Message, answer?: Answer): Promise<Result> {
    await this.upstream.script(answer === undefined ? [] : [answer]);
    const seen = await this.talk(way, message);
    const reply = seen.replies[0];
    if (reply === undefined) throw new Error(`no reply; the upstream saw: ${this.upstream.log}`);
    const { requests } = this.upstream;
    return { status: reply.status, reply, requests, got: (name) => values(reply.fields, name) };
  }

  async stop(): Promise<void> {
    await this.railguard.kill();
    await this.upstream.stop();
  }

  private talk(way: Way, message: Message): Promise<Seen> {
    const { port } = this.railguard;
    const methods = [message.method ?? 'GET'];
    if (way === 'h2') return talkH2(port, [h2(message)], { methods });
    const fields = way === 'upgrade' ? [...HANDSHAKE, ...(message.fields ?? [])] : (message.fields ?? []);
    return talkH1(port, [h1({ ...message, fields })], { methods });
  }
}
