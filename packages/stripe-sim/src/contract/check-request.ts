import type { FormFields, FormValue } from '../wire/form.ts';
import { StripeError, invalidRequest } from '../wire/stripe-error.ts';
import { alternativesOf, fieldsOf, resolve } from './contract.ts';
import type { Schema } from './schema.ts';

export type Params = Record<string, unknown>;

/**
 * The form fields of a request as typed values, if the contract allows each of them. Throws Stripe's
 * errors for what is unknown, missing or of the wrong type, with the parameter's name.
 */
export function checkRequest(schema: Schema | null, fields: FormFields): Params {
  return readFields(schema ?? { fields: { 'expand?': { array: 'string' } } }, fields, '');
}

function readFields(schema: Schema, fields: FormFields, at: string): Params {
  const known = fieldsOf(resolve(schema));
  if (known === undefined) throw new Error(`the contract has no fields at ${at}`);
  const unknown = Object.keys(fields).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => join(at, name));
    const plural = names.length === 1 ? '' : 's';
    throw invalidRequest(`Received unknown parameter${plural}: ${names.join(', ')}`, {
      code: 'parameter_unknown',
      param: names[0] ?? '',
    });
  }
  const params: Params = {};
  for (const [name, field] of known) {
    const value = fields[name];
    const param = join(at, name);
    if (value !== undefined) params[name] = readValue(field.schema, value, param);
    else if (!field.isOptional) {
      throw invalidRequest(`Missing required param: ${param}.`, {
        code: 'parameter_missing',
        param,
      });
    }
  }
  return params;
}

function readValue(schema: Schema, value: FormValue, param: string): unknown {
  const choices = alternativesOf(schema);
  let first: StripeError | undefined;
  // What fits exactly wins over plain text, which would fit anything.
  for (const choice of choices.toSorted((left, right) => looseness(left) - looseness(right))) {
    try {
      return typeof value === 'string'
        ? readText(choice, value, param)
        : readNested(choice, value, param);
    } catch (error) {
      if (!(error instanceof StripeError)) throw error;
      first = isBetter(error, first) ? error : first;
    }
  }
  throw first ?? invalidRequest(`Invalid value for ${param}`, { param });
}

/** An error deeper inside says more than `Invalid object`. */
function isBetter(error: StripeError, than: StripeError | undefined): boolean {
  return than === undefined || (error.fields.param ?? '').length > (than.fields.param ?? '').length;
}

function looseness(schema: Schema): number {
  if (schema === 'string') return 2;
  return schema === 'null' ? 0 : 1;
}

const decimalNames = /percent(?:age|_off)?$/;

function readText(schema: Schema, text: string, param: string): unknown {
  switch (schema) {
    case 'string':
      if (text === '') throw emptyText(param);
      return text;
    case 'number':
      return readNumber(text, param);
    case 'decimal':
      if (!/^-?\d+(?:\.\d+)?$/.test(text))
        throw invalidRequest(`Invalid decimal: ${text}`, { param });
      return text;
    case 'boolean':
      if (text !== 'true' && text !== 'false') {
        throw invalidRequest(`Invalid boolean: ${text}`, { param });
      }
      return text === 'true';
    case 'null':
      // The client sends null as empty text.
      if (text !== '') throw invalidRequest(`Invalid value for ${param}: ${text}`, { param });
      return '';
    default:
      return readChoice(schema, text, param);
  }
}

function readNumber(text: string, param: string): number {
  const isDecimal = decimalNames.test(param.replaceAll(']', ''));
  const value = Number(text);
  const isRight = isDecimal ? /^-?\d+(?:\.\d+)?$/ : /^-?\d+$/;
  if (isRight.test(text) && (isDecimal || Number.isSafeInteger(value))) return value;
  throw invalidRequest(`Invalid integer: ${text}`, { code: 'parameter_invalid_integer', param });
}

function readChoice(schema: Exclude<Schema, string>, text: string, param: string): unknown {
  if ('literal' in schema) {
    if (String(schema.literal) === text) return schema.literal;
    throw notOneOf([String(schema.literal)], param);
  }
  const names = 'enum' in schema ? schema.enum : 'open' in schema ? schema.open : undefined;
  if (names !== undefined) {
    if (names.includes(text)) return text;
    throw notOneOf(names, param);
  }
  // An empty list or map cannot be written in a form in any other way.
  if (text === '' && 'array' in schema) return [];
  throw invalidRequest('array' in schema ? 'Invalid array' : 'Invalid object', { param });
}

function notOneOf(names: readonly string[], param: string): StripeError {
  const shown = names.filter((name) => name !== '');
  const last = shown.at(-1) ?? '';
  const list = shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')}, or ${last}`;
  return invalidRequest(`Invalid ${param}: must be one of ${list}`, { param });
}

function emptyText(param: string): StripeError {
  return invalidRequest(
    `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a ` +
      `parameter; however '${param}' cannot be unset. You should remove '${param}' from your ` +
      'request or supply a non-empty value.',
    { code: 'parameter_invalid_empty', param },
  );
}

function readNested(schema: Schema, fields: FormFields, param: string): unknown {
  if (typeof schema === 'object') {
    if ('fields' in schema) return readFields(schema, fields, param);
    if ('array' in schema) return readList(schema.array, fields, param);
    if ('map' in schema) {
      return Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          name,
          // A key of a map is unset with empty text.
          value === '' ? '' : readValue(schema.map, value, join(param, name)),
        ]),
      );
    }
  }
  throw invalidRequest(`Invalid ${wordOf(schema)}`, { param });
}

function readList(item: Schema, fields: FormFields, param: string): unknown[] {
  const names = Object.keys(fields);
  if (names.some((name) => !/^\d+$/.test(name))) throw invalidRequest('Invalid array', { param });
  return names
    .toSorted((left, right) => Number(left) - Number(right))
    .map((name) => readValue(item, fields[name] ?? '', join(param, name)));
}

function wordOf(schema: Schema): string {
  if (schema === 'number') return 'integer';
  return typeof schema === 'string' ? schema : 'string';
}

function join(at: string, name: string): string {
  return at === '' ? name : `${at}[${name}]`;
}
