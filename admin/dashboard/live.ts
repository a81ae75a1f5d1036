/** Keeps open pages up to date: parts that changed go out as server-sent events, rendered once for all who look. */
import type { ServerResponse } from 'node:http';
import type { Lifecycle } from '../../core/lifecycle.ts';
import { type Looking, PARTS, type Part, SLOW, type View } from './view.ts';

/** Milliseconds. */
const TICK = 2000;
const SLOW_TICKS = 5;
export const MAX_PAGES = 32;
/** A page that takes nothing for this many ticks has gone. */
const PATIENCE = 15;

interface Page {
  readonly response: ServerResponse;
  readonly mayAct: boolean;
  /** Milliseconds since the epoch; the login ends then. */
  readonly until: number;
  stalled: number;
}

export class Live {
  private readonly view: View;
  private readonly lifecycle: Lifecycle;
  private readonly every: number;
  private readonly pages = new Set<Page>();
  /** What went out last, by audience and part. */
  private readonly sent = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;
  private busy = false;

  /** `every` is in milliseconds; 2000 if not given. */
  constructor(view: View, lifecycle: Lifecycle, every = TICK) {
    this.every = every;
    this.view = view;
    this.lifecycle = lifecycle;
  }

  get full(): boolean {
    return this.pages.size >= MAX_PAGES;
  }

  /** The head is written; from here on the response is ours. */
  join(response: ServerResponse, mayAct: boolean, until: number): void {
    const page: Page = { response, mayAct, until, stalled: 0 };
    this.pages.add(page);
    response.on('close', () => this.leave(page));
    response.write('retry: 3000\n\n');
    // What changed between the page and this moment must not be missed.
    for (const name of PARTS) {
      const text = this.sent.get(`${name} ${mayAct}`);
      if (text !== undefined) response.write(text);
    }
    this.timer ??= setInterval(() => void this.tick(), this.every).unref();
  }

  /** Lets every page go; they come back to whoever runs then. */
  close(): void {
    for (const { response } of this.pages) response.end();
  }

  private leave(page: Page): void {
    this.pages.delete(page);
    if (this.pages.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.sent.clear();
  }

  private async tick(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const now = this.view.sources.clock.now();
    for (const page of this.pages) {
      if (page.response.writableNeedDrain) page.stalled++;
      else page.stalled = 0;
      if (this.lifecycle.draining || page.until <= now || page.stalled > PATIENCE) page.response.end();
    }
    const slow = this.ticks++ % SLOW_TICKS === 0;
    const names = PARTS.filter((name) => slow || !SLOW.has(name));
    for (const mayAct of [true, false]) {
      const audience = [...this.pages].filter((page) => page.mayAct === mayAct && page.stalled === 0);
      if (audience.length > 0) await this.send(names, { mayAct }, audience);
    }
    this.busy = false;
  }

  private async send(names: readonly Part[], looking: Looking, audience: readonly Page[]): Promise<void> {
    const parts = await Promise.all(names.map((name) => this.view.part(name, looking)));
    let text = '';
    for (const [i, name] of names.entries()) {
      const event = `event: part\ndata: ${JSON.stringify({ name, html: parts[i]?.text })}\n\n`;
      const key = `${name} ${looking.mayAct}`;
      if (this.sent.get(key) === event) continue;
      this.sent.set(key, event);
      text += event;
    }
    // Even without news: a page tells by it that the line stands.
    text += 'event: beat\ndata: \n\n';
    for (const { response } of audience) if (!response.writableEnded) response.write(text);
  }
}
