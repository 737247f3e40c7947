import { alternativesOf, fieldsOf, resolve } from './contract.ts';
import type { Schema } from './schema.ts';

/**
 * What is wrong with a value that Stripe would send as `schema`: `lines.data.0.amount: …`; undefined
 * where nothing is. Fields the contract does not name are wrong, too.
 */
export function findBreach(schema: Schema, value: unknown, at = ''): string | undefined {
  const resolved = resolve(schema);
  if (typeof resolved === 'string') return wordBreach(resolved, value, at);
  if ('any' in resolved) return anyBreach(alternativesOf(resolved), value, at);
  if ('literal' in resolved)
    return is(value === resolved.literal, String(resolved.literal), value, at);
  if ('enum' in resolved) return enumBreach(resolved.enum, value, at);
  // Stripe may send a newer word; what the simulator sends is in the list of today.
  if ('open' in resolved) return enumBreach(resolved.open, value, at);
  if ('array' in resolved) {
    if (!Array.isArray(value)) return is(false, 'a list', value, at);
    return firstOf(
      value.map((item, index) => () => findBreach(resolved.array, item, `${at}.${index}`)),
    );
  }
  if (!isObject(value)) return is(false, 'an object', value, at);
  if ('map' in resolved) {
    return firstOf(
      Object.entries(value).map(
        ([name, item]) =>
          () =>
            findBreach(resolved.map, item, `${at}.${name}`),
      ),
    );
  }
  return fieldsBreach(resolved, value, at);
}

function fieldsBreach(
  schema: Schema,
  value: Record<string, unknown>,
  at: string,
): string | undefined {
  const known = fieldsOf(schema) ?? new Map<string, never>();
  const extra = Object.keys(value).find((name) => !known.has(name));
  if (extra !== undefined) return `${at}.${extra}: the contract has no such field`;
  for (const [name, field] of known) {
    const item = value[name];
    if (item === undefined) {
      if (!field.isOptional) return `${at}.${name}: is missing`;
      continue;
    }
    const breach = findBreach(field.schema, item, `${at}.${name}`);
    if (breach !== undefined) return breach;
  }
  return undefined;
}

/** Of several alternatives the one that says the same in `object`, or else the longest way in. */
function anyBreach(choices: readonly Schema[], value: unknown, at: string): string | undefined {
  let best: string | undefined;
  for (const choice of choices) {
    const breach = findBreach(choice, value, at);
    if (breach === undefined) return undefined;
    if (best === undefined || breach.indexOf(':') > best.indexOf(':')) best = breach;
  }
  return best;
}

function wordBreach(word: string, value: unknown, at: string): string | undefined {
  if (word === 'null') return is(value === null, 'null', value, at);
  if (word === 'decimal') {
    const isDecimal = typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value);
    return is(isDecimal, 'a decimal', value, at);
  }
  return is(typeof value === word, `a ${word}`, value, at);
}

function enumBreach(names: readonly string[], value: unknown, at: string): string | undefined {
  const isKnown = typeof value === 'string' && names.includes(value);
  return is(isKnown, `one of ${names.join(', ')}`, value, at);
}

function is(isRight: boolean, what: string, value: unknown, at: string): string | undefined {
  return isRight ? undefined : `${at}: ${JSON.stringify(value)} is not ${what}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstOf(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const breach = check();
    if (breach !== undefined) return breach;
  }
  return undefined;
}
