/** A header block as it stands on the wire: a flat `[name, value, …]` list that keeps order, case and repeats. */

const interned = new Map<string, string>();

/** Lower-cases a field name; the few thousand names that real traffic uses are remembered. */
export function lowerName(name: string): string {
  const known = interned.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (interned.size < 2048 && name.length <= 64) interned.set(flat(name), flat(lower));
  return lower;
}

/** A copy of its own, of latin1 text: a slice would pin the whole head it was cut from. */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** Flat pairs as the lines of an HTTP/1.1 head. */
export function fieldLines(pairs: readonly string[]): string {
  let text = '';
  for (let i = 0; i < pairs.length; i += 2) text += `${pairs[i]}: ${pairs[i + 1]}\r\n`;
  return text;
}

/** Fields that are the same in many replies, made once: known by name, and ready as text. */
export class FixedFields {
  /** Flat pairs. */
  readonly list: readonly string[];
  /** In lower case. */
  readonly names: ReadonlySet<string>;
  /** As they stand on an HTTP/1.1 wire, each line with its end. */
  readonly text: string;

  constructor(list: readonly string[]) {
    this.list = list;
    const names = new Set<string>();
    for (let i = 0; i < list.length; i += 2) names.add(lowerName(list[i] as string));
    this.names = names;
    this.text = flat(fieldLines(list));
  }
}

export class HeaderBlock {
  /** Flat pairs without the fixed fields, for who can do with both apart. Values as in `list`. */
  readonly pairs: string[];
  /** Go last. */
  fixed: FixedFields | undefined = undefined;
  /** What was derived from a request's fields; see header-view.ts. */
  views: unknown[] | undefined = undefined;

  constructor(list: string[] = []) {
    this.pairs = list;
  }

  /** Flat pairs. Values are latin1 strings: one char is one byte on the wire (RFC 9110 §5.5). */
  get list(): string[] {
    if (this.fixed !== undefined) this.melt();
    return this.pairs;
  }

  /** Appends fields that stand on no line yet, for less than line by line. */
  addFixed(fields: FixedFields): void {
    if (this.fixed !== undefined) this.melt();
    this.fixed = fields;
  }

  /** First value of the field; `name` in lower case. */
  get(name: string): string | undefined {
    const list = this.fixed?.names.has(name) ? this.list : this.pairs;
    for (let i = 0; i < list.length; i += 2) {
      const field = list[i] as string;
      if (field.length === name.length && lowerName(field) === name) return list[i + 1];
    }
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Every value of the field, in order; `name` in lower case. */
  getAll(name: string): string[] {
    const list = this.fixed?.names.has(name) ? this.list : this.pairs;
    const values: string[] = [];
    for (let i = 0; i < list.length; i += 2) {
      const field = list[i] as string;
      if (field.length === name.length && lowerName(field) === name) values.push(list[i + 1] as string);
    }
    return values;
  }

  append(name: string, value: string): void {
    this.pairs.push(name, value);
  }

  /** Leaves exactly one line of this name, where the first one stood. */
  set(name: string, value: string): void {
    const lower = lowerName(name);
    const list = this.fixed?.names.has(lower) ? this.list : this.pairs;
    for (let i = 0; i < list.length; i += 2) {
      const field = list[i] as string;
      if (field.length !== lower.length || lowerName(field) !== lower) continue;
      list[i] = name;
      list[i + 1] = value;
      this.deleteFrom(lower, i + 2);
      return;
    }
    list.push(name, value);
  }

  /** Removes every line of this name; `name` in lower case. */
  delete(name: string): void {
    if (this.fixed?.names.has(name)) this.melt();
    this.deleteFrom(name, 0);
  }

  /** Removes every line whose lower-cased name the predicate accepts. */
  deleteWhere(drop: (name: string) => boolean): void {
    const { list } = this;
    let kept = 0;
    for (let i = 0; i < list.length; i += 2) {
      const field = list[i] as string;
      if (drop(lowerName(field))) continue;
      if (kept !== i) {
        list[kept] = field;
        list[kept + 1] = list[i + 1] as string;
      }
      kept += 2;
    }
    if (kept < list.length) list.length = kept;
  }

  /** Adds a member to a comma-separated field unless it is there (`Vary`, RFC 9110 §12.5.5). */
  addMember(name: string, member: string): void {
    const values = this.getAll(lowerName(name));
    const wanted = member.toLowerCase();
    for (const value of values) {
      for (const part of value.split(',')) {
        const there = part.trim().toLowerCase();
        if (there === wanted || there === '*') return;
      }
    }
    this.set(name, [...values, member].join(', '));
  }

  private deleteFrom(name: string, start: number): void {
    const { pairs } = this;
    let kept = start;
    for (let i = start; i < pairs.length; i += 2) {
      const field = pairs[i] as string;
      if (field.length === name.length && lowerName(field) === name) continue;
      if (kept !== i) {
        pairs[kept] = field;
        pairs[kept + 1] = pairs[i + 1] as string;
      }
      kept += 2;
    }
    if (kept < pairs.length) pairs.length = kept;
  }

  /** Fixed fields that somebody wants to change become lines like any other. */
  private melt(): void {
    const list = this.fixed?.list ?? [];
    this.fixed = undefined;
    for (let i = 0; i < list.length; i++) this.pairs.push(list[i] as string);
  }
}

/** The block as the object that node:http2 takes for trailers and informational responses; repeats become an array. */
export function fieldObject(headers: HeaderBlock | undefined): Record<string, string | string[]> {
  const fields: Record<string, string | string[]> = Object.create(null);
  const list = headers?.list ?? [];
  for (let i = 0; i < list.length; i += 2) {
    const name = lowerName(list[i] as string);
    const value = list[i + 1] as string;
    const there = fields[name];
    if (there === undefined) fields[name] = value;
    else if (Array.isArray(there)) there.push(value);
    else fields[name] = [there, value];
  }
  return fields;
}
