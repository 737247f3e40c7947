import { contract, fieldsOf, objectNameOf, resolve } from './contract.ts';
import type { Schema } from './schema.ts';

const byObject = new Map<string, Schema>();
for (const schema of Object.values(contract.types)) {
  const name = objectNameOf(schema);
  const isDeleted = fieldsOf(schema)?.get('deleted')?.isOptional === false;
  if (name !== undefined && !isDeleted && !byObject.has(name)) byObject.set(name, schema);
}

/** The schema of an object by its field `object`. */
export function schemaOfObject(name: string): Schema {
  const schema = byObject.get(name);
  if (schema === undefined) throw new Error(`the contract has no object ${name}`);
  return schema;
}

/**
 * The emptiest object of a kind that the contract allows: null where null may stand, empty lists and
 * maps, false; what may be absent is absent. Whoever makes an object fills in what it is about.
 */
export function blankObject(name: string): Record<string, unknown> {
  return blankFields(schemaOfObject(name));
}

function blankFields(schema: Schema): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, field] of fieldsOf(schema) ?? []) {
    if (!field.isOptional) fields[name] = blankValue(field.schema);
  }
  return fields;
}

function blankValue(schema: Schema): unknown {
  const resolved = resolve(schema);
  if (resolved === 'null') return null;
  if (resolved === 'string') return '';
  if (resolved === 'number') return 0;
  if (resolved === 'boolean') return false;
  if (resolved === 'decimal') return '0';
  if ('any' in resolved) {
    return resolved.any.includes('null') ? null : blankValue(resolved.any[0] ?? 'null');
  }
  if ('literal' in resolved) return resolved.literal;
  if ('enum' in resolved) return resolved.enum[0];
  if ('open' in resolved) return resolved.open[0];
  if ('array' in resolved) return [];
  return 'map' in resolved ? {} : blankFields(resolved);
}
