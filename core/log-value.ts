/** Makes any value fit for a log line: bounded, acyclic, and never the cause of a throw. */

const MAX_DEPTH = 6;
const MAX_MEMBERS = 100;
const MAX_CAUSES = 5;
const MAX_TEXT = 32 * 1024;

/** A plain tree that JSON can write: errors by name, message, stack and causes; getters that throw by a mark. */
export function loggable(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}[cut ${value.length - MAX_TEXT}]` : value;
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    default:
      return tree(value, 0, []);
  }
}

function tree(value: unknown, depth: number, path: object[]): unknown {
  try {
    if (typeof value !== 'object' || value === null) return leaf(value);
    if (path.includes(value)) return '[circular]';
    if (depth >= MAX_DEPTH) return '[deep]';
    path.push(value);
    try {
      return branch(value, depth, path);
    } finally {
      path.pop();
    }
  } catch {
    return '[unreadable]';
  }
}

function leaf(value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return '[function]';
  return value === null ? null : loggable(value);
}

function branch(value: object, depth: number, path: object[]): unknown {
  if (value instanceof Error) return describe(value, depth, path);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') {
    const json: unknown = toJSON.call(value, '');
    return typeof json === 'object' ? members(json ?? {}, depth, path) : leaf(json);
  }
  return members(value, depth, path);
}

function members(value: object, depth: number, path: object[]): unknown {
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_MEMBERS).map((item) => tree(item, depth + 1, path));
    if (value.length > MAX_MEMBERS) items.push(`[${value.length - MAX_MEMBERS} more]`);
    return items;
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).slice(0, MAX_MEMBERS)) {
    copy[key === '__proto__' ? '[proto]' : key] = tree(read(value, key), depth + 1, path);
  }
  return copy;
}

function read(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return '[unreadable]';
  }
}

function describe(error: Error, depth: number, path: object[]): Record<string, unknown> {
  const facts: Record<string, unknown> = {};
  for (const key of ['name', 'code', 'message', 'stack']) {
    const value = read(error, key);
    if (value !== undefined) facts[key] = loggable(typeof value === 'object' ? '[object]' : value);
  }
  const cause = read(error, 'cause');
  if (cause === undefined) return facts;
  const errors = path.filter((one) => one instanceof Error).length;
  facts.cause = errors > MAX_CAUSES ? '[more causes]' : tree(cause, depth + 1, path);
  return facts;
}
