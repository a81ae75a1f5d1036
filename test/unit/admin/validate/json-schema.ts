/** As much of JSON Schema as the published one uses; an unknown keyword is an error of its own. */

type Schema = Readonly<Record<string, unknown>>;

const NOTES = new Set(['$schema', 'title', 'description', '$defs', 'format']);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
};

/** Where `value` breaks `root`, one line each. */
export function violations(value: unknown, root: object): string[] {
  return look(value, root as Schema, root as Schema, '');
}

function look(value: unknown, schema: Schema, root: Schema, place: string): string[] {
  const broken: string[] = [];
  const demand = (holds: boolean, what: string): void => {
    if (!holds) broken.push(`${place || '/'}: ${what}`);
  };
  for (const [keyword, given] of Object.entries(schema)) {
    if (NOTES.has(keyword)) continue;
    if (keyword === '$ref') {
      const name = String(given).replace('#/$defs/', '');
      const target = (root.$defs as Record<string, Schema>)[name];
      demand(target !== undefined, `no $defs/${name}`);
      broken.push(...look(value, target as Schema, root, place));
    } else if (keyword === 'type') demand(TYPES[String(given)]?.(value) === true, `is no ${given}`);
    else if (keyword === 'enum') demand((given as unknown[]).includes(value), `is none of ${given}`);
    else if (keyword === 'minimum') demand((value as number) >= (given as number), `is under ${given}`);
    else if (keyword === 'maximum') demand((value as number) <= (given as number), `is over ${given}`);
    else if (keyword === 'minLength') demand(String(value).length >= (given as number), 'is too short');
    else if (keyword === 'pattern') demand(new RegExp(String(given)).test(String(value)), `is not ${given}`);
    else if (keyword === 'required')
      for (const name of given as string[]) demand(isObject(value) && name in value, `lacks ${name}`);
    else if (keyword === 'items' && Array.isArray(value))
      for (const [i, item] of value.entries())
        broken.push(...look(item, given as Schema, root, `${place}/${i}`));
    else if (keyword === 'properties' && isObject(value))
      for (const [name, inner] of Object.entries(given as Record<string, Schema>)) {
        if (name in value) broken.push(...look(value[name], inner, root, `${place}/${name}`));
      }
    else if (keyword === 'additionalProperties' && isObject(value))
      for (const name of Object.keys(value))
        demand(name in ((schema.properties ?? {}) as object), `has a stranger ${name}`);
    else if (keyword !== 'items' && keyword !== 'properties' && keyword !== 'additionalProperties')
      broken.push(`${place}: unknown keyword ${keyword}`);
  }
  return broken;
}
