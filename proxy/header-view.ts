/** What is derived from a request's fields: worked out once, however many ask, and there again when a client repeats its head. */
import type { HeaderBlock } from './header-block.ts';

let views = 0;

/** Made at construction, one a question; `derive` sees the fields alone, and they never change. */
export class View<Value> {
  private readonly at = views++;
  private readonly derive: (headers: HeaderBlock) => Value;

  constructor(derive: (headers: HeaderBlock) => Value) {
    this.derive = derive;
  }

  of(headers: HeaderBlock): Value {
    headers.views ??= [];
    const kept = headers.views;
    const { at } = this;
    if (at < kept.length && kept[at] !== UNKNOWN) return kept[at] as Value;
    while (kept.length <= at) kept.push(UNKNOWN);
    const value = this.derive(headers);
    kept[at] = value;
    return value;
  }
}

const UNKNOWN = Symbol('not asked yet');
