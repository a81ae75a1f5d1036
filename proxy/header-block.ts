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

/** A copy of its own: a slice would pin the whole head it was cut from. */
function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

export class HeaderBlock {
  /** Flat pairs. Values are latin1 strings: one char is one byte on the wire (RFC 9110 §5.5). */
  readonly list: string[];

  constructor(list: string[] = []) {
    this.list = list;
  }

  /** First value of the field; `name` in lower case. */
  get(name: string): string | undefined {
    const { list } = this;
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
    const { list } = this;
    const values: string[] = [];
    for (let i = 0; i < list.length; i += 2) {
      const field = list[i] as string;
      if (field.length === name.length && lowerName(field) === name) values.push(list[i + 1] as string);
    }
    return values;
  }

  append(name: string, value: string): void {
    this.list.push(name, value);
  }

  /** Leaves exactly one line of this name, where the first one stood. */
  set(name: string, value: string): void {
    const { list } = this;
    const lower = lowerName(name);
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
    list.length = kept;
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
    const { list } = this;
    let kept = start;
    for (let i = start; i < list.length; i += 2) {
      const field = list[i] as string;
      if (field.length === name.length && lowerName(field) === name) continue;
      if (kept !== i) {
        list[kept] = field;
        list[kept + 1] = list[i + 1] as string;
      }
      kept += 2;
    }
    list.length = kept;
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
    else fields[name] = Array.isArray(there) ? [...there, value] : [there, value];
  }
  return fields;
}
