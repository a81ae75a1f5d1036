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
  /** What came of this before: the same few who edit replies ask the same again and again. */
  private left: Map<Names, FixedFields> | undefined = undefined;
  private joined: Map<FixedFields, FixedFields> | undefined = undefined;

  constructor(list: readonly string[]) {
    this.list = list;
    const names = new Set<string>();
    for (let i = 0; i < list.length; i += 2) names.add(lowerName(list[i] as string));
    this.names = names;
    this.text = flat(fieldLines(list));
  }

  /** These and then the others. */
  and(others: FixedFields): FixedFields {
    this.joined ??= new Map();
    let joined = this.joined.get(others);
    if (joined === undefined) {
      joined = new FixedFields([...this.list, ...others.list]);
      this.joined.set(others, joined);
    }
    return joined;
  }

  /** These fields but for those of the names. */
  without(names: Names): FixedFields {
    this.left ??= new Map();
    let left = this.left.get(names);
    if (left === undefined) {
      const list = this.list.filter((_, i) => !names(this.list[i & ~1] as string));
      left = list.length === this.list.length ? this : new FixedFields(list);
      this.left.set(names, left);
    }
    return left;
  }
}

/** Says of a name, as it stands, whether it is one of some; made once, for what came of it is remembered. */
export type Names = (name: string) => boolean;

/** The names given, in lower case. */
export function namesOf(...names: readonly string[]): Names {
  const set = new Set(names);
  return (name) => set.has(lowerName(name));
}

export class HeaderBlock {
  /** Flat pairs that were added one by one; the others stand apart, see `lead` and `fixed`. */
  private lines: string[];
  /** Go first. */
  private lead: FixedFields | undefined;
  /** Go last. */
  private fixed: FixedFields | undefined = undefined;
  /** What was derived from a request's fields; see header-view.ts. */
  views: unknown[] | undefined = undefined;

  constructor(list: string[] = [], lead?: FixedFields) {
    this.lines = list;
    this.lead = lead;
  }

  /** Flat pairs. Values are latin1 strings: one char is one byte on the wire (RFC 9110 §5.5). */
  get list(): string[] {
    if (this.lead !== undefined || this.fixed !== undefined) this.melt();
    return this.lines;
  }

  /** As on an HTTP/1.1 wire, each line with its end. */
  get text(): string {
    const { lead, lines, fixed } = this;
    const text = lead === undefined ? fieldLines(lines) : lead.text + fieldLines(lines);
    return fixed === undefined ? text : text + fixed.text;
  }

  /** Appends fields that stand on no line yet, for less than line by line. */
  addFixed(fields: FixedFields): void {
    this.fixed = this.fixed?.and(fields) ?? fields;
  }

  /** First value of the field; `name` in lower case. */
  get(name: string): string | undefined {
    const { lead, lines, fixed } = this;
    if (lead?.names.has(name)) return firstOf(lead.list, name);
    return firstOf(lines, name) ?? (fixed?.names.has(name) ? firstOf(fixed.list, name) : undefined);
  }

  has(name: string): boolean {
    return this.apart(name) || firstOf(this.lines, name) !== undefined;
  }

  /** Does a field have one of the names? */
  hasAny(names: Names): boolean {
    const { lead, lines, fixed } = this;
    if (lead !== undefined && lead.without(names) !== lead) return true;
    if (fixed !== undefined && fixed.without(names) !== fixed) return true;
    for (let i = 0; i < lines.length; i += 2) if (names(lines[i] as string)) return true;
    return false;
  }

  /** Every value of the field, in order; `name` in lower case. */
  getAll(name: string): string[] {
    const list = this.apart(name) ? this.list : this.lines;
    const values: string[] = [];
    for (let i = 0; i < list.length; i += 2) {
      if (isNamed(list[i] as string, name)) values.push(list[i + 1] as string);
    }
    return values;
  }

  append(name: string, value: string): void {
    this.lines.push(name, value);
  }

  /** Leaves exactly one line of this name, where the first one stood. */
  set(name: string, value: string): void {
    const lower = lowerName(name);
    const list = this.apart(lower) ? this.list : this.lines;
    for (let i = 0; i < list.length; i += 2) {
      if (!isNamed(list[i] as string, lower)) continue;
      list[i] = name;
      list[i + 1] = value;
      this.deleteFrom(lower, i + 2);
      return;
    }
    list.push(name, value);
  }

  /** Removes every line of this name; `name` in lower case. */
  delete(name: string): void {
    if (this.apart(name)) this.melt();
    this.deleteFrom(name, 0);
  }

  /** Removes every line that has one of the names. */
  deleteWhere(names: Names): void {
    this.lead = this.lead?.without(names);
    this.fixed = this.fixed?.without(names);
    const { lines } = this;
    let kept = 0;
    for (let i = 0; i < lines.length; i += 2) {
      const field = lines[i] as string;
      if (names(field)) continue;
      if (kept !== i) {
        lines[kept] = field;
        lines[kept + 1] = lines[i + 1] as string;
      }
      kept += 2;
    }
    if (kept < lines.length) lines.length = kept;
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
    const { lines } = this;
    let kept = start;
    for (let i = start; i < lines.length; i += 2) {
      const field = lines[i] as string;
      if (isNamed(field, name)) continue;
      if (kept !== i) {
        lines[kept] = field;
        lines[kept + 1] = lines[i + 1] as string;
      }
      kept += 2;
    }
    if (kept < lines.length) lines.length = kept;
  }

  /** Does a field of this name stand among those that are ready? */
  private apart(name: string): boolean {
    return this.lead?.names.has(name) === true || this.fixed?.names.has(name) === true;
  }

  /** Fields that were ready become lines like any other. */
  private melt(): void {
    this.lines = [...(this.lead?.list ?? []), ...this.lines, ...(this.fixed?.list ?? [])];
    this.lead = undefined;
    this.fixed = undefined;
  }
}

function firstOf(list: readonly string[], name: string): string | undefined {
  for (let i = 0; i < list.length; i += 2) if (isNamed(list[i] as string, name)) return list[i + 1];
  return undefined;
}

const isNamed = (field: string, name: string): boolean =>
  field.length === name.length && lowerName(field) === name;

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
