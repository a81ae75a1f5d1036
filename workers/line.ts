/** The line between the primary and one worker: what is told, and what is asked and answered, by name. */

export interface Transport {
  /** False, or a throw, when the other side is gone. */
  send(message: unknown): void;
  onMessage(take: (message: unknown) => void): void;
}

type Handler = (data: never) => unknown;

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

type Wire =
  | { readonly rail: 'tell'; readonly what: string; readonly data: unknown }
  | { readonly rail: 'ask'; readonly what: string; readonly id: number; readonly data: unknown }
  | { readonly rail: 'answer'; readonly id: number; readonly data: unknown }
  | { readonly rail: 'failed'; readonly id: number; readonly name: string; readonly message: string };

/** Milliseconds after which a question without an answer is given up. */
const PATIENCE = 5000;

/** An answer that the other side could not give; `name` is that of its error. */
export class Unanswered extends Error {}

export class Line {
  private readonly transport: Transport;
  private readonly handlers = new Map<string, Handler>();
  private readonly waiting = new Map<number, Waiting>();
  private closed = false;
  private last = 0;

  constructor(transport: Transport) {
    this.transport = transport;
    transport.onMessage((message) => this.take(message));
  }

  /** Who answers when `what` is told or asked; what it returns, or resolves to, is the answer. */
  on<Data>(what: string, handler: (data: Data) => unknown): void {
    this.handlers.set(what, handler as Handler);
  }

  tell(what: string, data?: unknown): void {
    this.send({ rail: 'tell', what, data });
  }

  /** Rejects with Unanswered: after `patience` ms, when the line is cut, or with what the other side threw. */
  ask<Answer>(what: string, data?: unknown, patience = PATIENCE): Promise<Answer> {
    const id = ++this.last;
    return new Promise<Answer>((resolve, reject) => {
      const late = (): void => this.fail(id, new Unanswered(`no answer to ${what} in time`));
      const timer = setTimeout(late, patience);
      timer.unref();
      this.waiting.set(id, { resolve, reject, timer });
      if (!this.send({ rail: 'ask', what, id, data })) this.fail(id, new Unanswered('the line is cut'));
    });
  }

  /** The other side is gone. */
  close(): void {
    this.closed = true;
    for (const id of [...this.waiting.keys()]) this.fail(id, new Unanswered('the line is cut'));
  }

  private send(message: Wire): boolean {
    if (this.closed) return false;
    try {
      this.transport.send(message);
      return true;
    } catch {
      return false;
    }
  }

  private take(message: unknown): void {
    // Others may use the same channel.
    if (typeof message !== 'object' || message === null || !('rail' in message)) return;
    const wire = message as Wire;
    if (wire.rail === 'tell') this.handlers.get(wire.what)?.(wire.data as never);
    else if (wire.rail === 'ask') void this.answer(wire.what, wire.id, wire.data);
    else if (wire.rail === 'answer') this.settle(wire.id)?.resolve(wire.data as never);
    else {
      const error = new Unanswered(wire.message);
      error.name = wire.name;
      this.fail(wire.id, error);
    }
  }

  private async answer(what: string, id: number, asked: unknown): Promise<void> {
    const handler = this.handlers.get(what);
    try {
      if (handler === undefined) throw new Unanswered(`nobody answers to ${what}`);
      this.send({ rail: 'answer', id, data: await handler(asked as never) });
    } catch (thrown) {
      const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.send({ rail: 'failed', id, name, message });
    }
  }

  private fail(id: number, error: Error): void {
    this.settle(id)?.reject(error);
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    if (waiting === undefined) return undefined;
    clearTimeout(waiting.timer);
    this.waiting.delete(id);
    return waiting;
  }
}
