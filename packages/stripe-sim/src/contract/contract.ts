import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Contract, Schema } from './schema.ts';

/** The generated contract; read once, when the module is loaded. */
export const contract = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'generated', 'contract.json'), 'utf8'),
) as Contract;

/** Follows names until the schema itself is there. */
export function resolve(schema: Schema): Schema {
  let current = schema;
  while (typeof current === 'object' && 'ref' in current) {
    const next = contract.types[current.ref];
    if (next === undefined) throw new Error(`the contract has no type ${current.ref}`);
    current = next;
  }
  return current;
}

/** The schema's alternatives, names followed: one entry where it has none. */
export function alternativesOf(schema: Schema): readonly Schema[] {
  const resolved = resolve(schema);
  if (typeof resolved !== 'object' || !('any' in resolved)) return [resolved];
  let alternatives = alternativesCache.get(resolved);
  if (alternatives === undefined) {
    alternatives = resolved.any.flatMap(alternativesOf);
    alternativesCache.set(resolved, alternatives);
  }
  return alternatives;
}

const alternativesCache = new WeakMap<object, readonly Schema[]>();

export interface Field {
  readonly schema: Schema;
  readonly isOptional: boolean;
}

const fieldsCache = new WeakMap<object, Map<string, Field>>();

/** The fields of an object schema by name; undefined for any other schema. */
export function fieldsOf(schema: Schema): ReadonlyMap<string, Field> | undefined {
  if (typeof schema !== 'object' || !('fields' in schema)) return undefined;
  let fields = fieldsCache.get(schema);
  if (fields === undefined) {
    fields = new Map(
      Object.entries(schema.fields).map(([name, field]) => [
        name.replace(/\?$/, ''),
        { schema: field, isOptional: name.endsWith('?') },
      ]),
    );
    fieldsCache.set(schema, fields);
  }
  return fields;
}

/** What an object says it is in its field `object`, e.g. `invoice`. */
export function objectNameOf(schema: Schema): string | undefined {
  const literal = fieldsOf(schema)?.get('object')?.schema;
  return typeof literal === 'object' && 'literal' in literal && typeof literal.literal === 'string'
    ? literal.literal
    : undefined;
}
