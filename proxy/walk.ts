/** Runs the chain: down until somebody answers, back up through every filter entered, and `finish` when it is over. */
import type { Core } from '../core/core.ts';
import {
  type Awaiting,
  type Exchange,
  type Filter,
  isStream,
  type Outcome,
  Reply,
  type Responder,
} from './exchange.ts';
import { Problem, render } from './problem.ts';

/** Tells the app's answer to whoever waits: a promise would cost each request several objects. */
export type Forward = (x: Exchange, to: Awaiting) => void;

export interface WalkOptions {
  readonly filters: readonly Filter[];
  readonly forward: Forward;
  readonly core: Core;
  /** Names of filters in report mode: what they refuse is logged, counted and let through. */
  readonly reportOnly: ReadonlySet<string>;
}

/** A filter that has something to do on a way, and its place in the chain. */
interface Step<Way extends 'request' | 'response' | 'finish'> {
  readonly filter: Filter;
  readonly place: number;
  readonly run: NonNullable<Filter[Way]>;
}

function steps<Way extends 'request' | 'response' | 'finish'>(
  filters: readonly Filter[],
  way: Way,
): Step<Way>[] {
  return filters.flatMap((filter, place) => {
    const run = filter[way];
    return run === undefined ? [] : [{ filter, place, run: run.bind(filter) as NonNullable<Filter[Way]> }];
  });
}

export class Walk implements Awaiting {
  /** Each way has its own list: looking for what a filter does not do would cost more than what many do. */
  private readonly ins: readonly Step<'request'>[];
  private readonly outs: readonly Step<'response'>[];
  private readonly ends: readonly Step<'finish'>[];
  private readonly length: number;
  private readonly forward: Forward;
  private readonly core: Core;
  private readonly reportOnly: ReadonlySet<string>;
  /** Exchanges between `start` and `finish`. */
  inFlight = 0;

  constructor(options: WalkOptions) {
    const { filters } = options;
    this.ins = steps(filters, 'request');
    this.outs = steps(filters, 'response').reverse();
    this.ends = steps(filters, 'finish').reverse();
    this.length = filters.length;
    this.forward = options.forward;
    this.core = options.core;
    this.reportOnly = options.reportOnly;
  }

  /** Sends the exchange down the chain; the responder gets exactly one Reply unless the client left. */
  start(x: Exchange, responder: Responder): void {
    this.inFlight++;
    this.core.metrics.inFlight.inc();
    x.responder = responder;
    this.down(x, 0);
  }

  /** The exchange is over: called once by its responder. */
  finish(x: Exchange, outcome: Outcome): void {
    this.inFlight--;
    this.core.metrics.inFlight.dec();
    for (const { filter, place, run } of this.ends) {
      if (place >= x.entered) continue;
      try {
        run(x, outcome);
      } catch (error) {
        this.core.log.error('lifecycle', 'a filter failed to finish', { filter: filter.name, error });
      }
    }
  }

  private down(x: Exchange, from: number): void {
    const { ins } = this;
    for (let i = from; i < ins.length; i++) {
      const { place, run } = ins[i] as Step<'request'>;
      x.entered = place + 1;
      try {
        const answer = run(x);
        if (answer === undefined) continue;
        if (answer instanceof Promise) {
          answer.then(
            (reply) => (reply === undefined ? this.down(x, i + 1) : this.up(x, reply)),
            (thrown) => this.refused(x, i, thrown),
          );
          return;
        }
        this.up(x, answer);
      } catch (thrown) {
        this.refused(x, i, thrown);
      }
      return;
    }
    x.entered = this.length;
    if (!x.gone) this.forward(x, this);
  }

  private refused(x: Exchange, index: number, thrown: unknown): void {
    const { name } = (this.ins[index] as Step<'request'>).filter;
    const problem = Problem.from(thrown);
    const report = problem.code !== 'internal' && this.reportOnly.has(name);
    this.count(x, name, problem.code, report ? 'report' : 'enforce');
    if (this.core.log.enabled('info')) this.logRefusal(x, name, problem, report);
    if (report) {
      x.upstreamHeaders.push('X-Railguard-Would-Refuse', `${name};code=${problem.code}`);
      this.down(x, index + 1);
      return;
    }
    this.up(x, this.reply(x, problem));
  }

  private count(x: Exchange, filter: string, code: string, mode: 'enforce' | 'report'): void {
    const { metrics, refusals } = this.core;
    metrics.refusal(filter, code, mode);
    const { method, path } = x.request;
    refusals?.note({
      filter,
      code,
      mode,
      method,
      path,
      client: x.client.address,
      correlationId: x.requestId,
    });
  }

  answered(x: Exchange, reply: Reply): void {
    this.up(x, reply);
  }

  failed(x: Exchange, thrown: unknown): void {
    const problem = Problem.from(thrown);
    if (problem.source === 'upstream') this.core.metrics.upstreamFailure(problem.code);
    if (problem.code === 'overloaded') this.count(x, 'forward', problem.code, 'enforce');
    if (!x.gone) this.logFailure(x, problem);
    this.up(x, this.reply(x, problem));
  }

  private up(x: Exchange, reply: Reply): void {
    if (x.gone) {
      discard(reply);
      return;
    }
    const { outs } = this;
    for (let i = 0; i < outs.length; i++) {
      const { filter, place, run } = outs[i] as Step<'response'>;
      if (place >= x.entered) continue;
      try {
        run(x, reply);
      } catch (error) {
        // A head half edited may lack its protection: nothing of it goes out.
        this.core.log.error('lifecycle', 'a filter failed on the way out', { filter: filter.name, error });
        discard(reply);
        reply.body = undefined;
        reply.tunnel = undefined;
        reply.close = true;
        reply.status = 500;
        reply.reason = '';
        reply.headers.list.length = 0;
      }
    }
    x.responder?.send(reply);
  }

  private reply(x: Exchange, problem: Problem): Reply {
    x.problem = problem;
    const accept = x.request.headers.get('accept');
    const { headers, body } = render(problem, x.requestId, accept, this.core.clock.now());
    // The words of the table are ours; others may quote something.
    const own = problem.options.detail === undefined && problem.options.members === undefined;
    const reply = new Reply(problem.status, headers, own ? body : this.redacted(body), 'railguard');
    reply.close = problem.options.close === true;
    return reply;
  }

  /** A document that can't be redacted stays empty: its status says enough. */
  private redacted(body: string): string {
    try {
      return this.core.redactor.text(body, 'problem');
    } catch {
      return '';
    }
  }

  private logRefusal(x: Exchange, filter: string, problem: Problem, report: boolean): void {
    const unexpected = problem.code === 'internal';
    const facts = {
      correlation_id: x.requestId,
      filter,
      code: problem.code,
      mode: report ? 'report' : 'enforce',
      client_ip: x.client.address,
      ...(problem.cause === undefined ? {} : { error: problem.cause }),
    };
    if (unexpected) this.core.log.error('refusal', 'a filter failed', facts);
    else this.core.log.info('refusal', report ? 'would refuse' : 'refused', facts);
  }

  private logFailure(x: Exchange, problem: Problem): void {
    const facts = { correlation_id: x.requestId, code: problem.code, error: problem.cause };
    if (problem.source === 'client' || problem.code === 'overloaded')
      this.core.log.info('refusal', 'the request failed', facts);
    else this.core.log.error('upstream_error', problem.message, facts);
  }
}

/** Lets go of what a reply holds when nobody is there to take it. */
function discard(reply: Reply): void {
  const { body, tunnel } = reply;
  if (isStream(body)) body.cancel();
  tunnel?.upstream.destroy();
}
