/** Forwards to an app that speaks HTTP/2 without TLS (gRPC): streams over a few sessions; WebSocket takes HTTP/1.1 beside them. */
import type { ClientHttp2Session } from 'node:http2';
import type { Core } from '../../core/core.ts';
import type { ProbeResult } from '../../core/lifecycle.ts';
import type { Awaiting, Exchange } from '../exchange.ts';
import { Deadlines } from './deadlines.ts';
import { H2cCall } from './h2c-call.ts';
import { Http1Upstream, reach } from './http1.ts';
import type { Upstream, UpstreamOptions } from './upstream.ts';

/** Streams on one session before a next one is opened, whatever the app allows. */
const STREAMS_A_SESSION = 100;

export interface Session {
  readonly http2: ClientHttp2Session;
  streams: number;
  /** It answered before: a failure now may be an old connection's end. */
  used: boolean;
  connected: boolean;
  leaving: boolean;
}

export class H2cUpstream implements Upstream {
  private readonly options: UpstreamOptions;
  private readonly http1: Http1Upstream;
  private readonly deadlines: Deadlines;
  private readonly core: Core;
  private readonly origin: string;
  private sessions: Session[] = [];

  constructor(options: UpstreamOptions, core: Core) {
    this.options = options;
    this.core = core;
    this.origin = `http://${options.url.host}`;
    this.http1 = new Http1Upstream(options, core);
    this.deadlines = new Deadlines(Math.min(250, Math.max(20, options.connectTimeout / 4)));
  }

  forward(x: Exchange, to: Awaiting): void {
    if (x.request.kind === 'upgrade') this.http1.forward(x, to);
    else new H2cCall(x, to, this.options, this.deadlines, () => this.session()).start();
  }

  reach(timeout: number): Promise<ProbeResult> {
    return reach(this.options.url, timeout);
  }

  close(): void {
    this.http1.close();
    for (const session of this.sessions) session.http2.close();
  }

  /** A session with room for one more stream. */
  private session(): Session {
    const open = this.sessions.find((session) => !session.leaving && session.streams < this.room(session));
    return open ?? this.connect();
  }

  private room(session: Session): number {
    return Math.min(
      STREAMS_A_SESSION,
      session.http2.remoteSettings?.maxConcurrentStreams ?? STREAMS_A_SESSION,
    );
  }

  private connect(): Session {
    const { maxHeaderSize, keepalive, connectTimeout } = this.options;
    const sessionOptions = {
      settings: { enablePush: false, initialWindowSize: 1 << 20, maxHeaderListSize: maxHeaderSize },
      maxSessionMemory: 64,
      // A client's repeated field must not throw here.
      strictSingleValueFields: false,
    };
    const client = process.getBuiltinModule('node:http2').connect(this.origin, sessionOptions);
    const session: Session = { http2: client, streams: 0, used: false, connected: false, leaving: false };
    const { active } = this.core.metrics.upstreamConnections;
    active.inc();
    this.sessions.push(session);
    const leave = (): void => {
      session.leaving = true;
    };
    // Its calls gave up by themselves; the next ones must not wait for the same dead end.
    const patience = setTimeout(() => {
      leave();
      client.destroy();
    }, connectTimeout * 2);
    patience.unref();
    client.once('connect', () => {
      clearTimeout(patience);
      session.connected = true;
    });
    client.on('goaway', leave);
    client.on('error', leave);
    // Calls that come while it connects wait for it, each with a listener.
    client.setMaxListeners(0);
    // Not as its callback: that is called once, and a stream may be open then.
    client.setTimeout(Math.max(keepalive, 1));
    client.on('timeout', () => {
      if (session.streams === 0) client.close();
    });
    client.once('close', () => {
      clearTimeout(patience);
      leave();
      active.dec();
      this.sessions = this.sessions.filter((other) => other !== session);
    });
    return session;
  }
}
