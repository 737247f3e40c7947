/** One option of a conversion, as `GET /v1/formats` describes it (JSON Schema 2020-12). */
export type OptionSchema = Readonly<Record<string, unknown>>;

export interface OptionFacts {
  readonly name: string;
  /** What it may be, in words: `a whole number from 1 to 100`. */
  readonly values: string;
  /** As JSON; empty where it has none. */
  readonly byDefault: string;
  readonly description: string;
}

/** The options in a schema, in its order. */
export function listOptions(options: OptionSchema): OptionFacts[] {
  return Object.entries(propertiesOf(options)).map(([name, schema]) => ({
    name,
    values: describeValues(schema),
    byDefault: 'default' in schema ? JSON.stringify(schema['default']) : '',
    description: typeof schema['description'] === 'string' ? schema['description'] : '',
  }));
}

/** The schema of each option, by its name. */
export function propertiesOf(options: OptionSchema): Record<string, OptionSchema> {
  const { properties } = options;
  if (typeof properties !== 'object' || properties === null) return {};
  return properties as Record<string, OptionSchema>;
}

/** What a schema allows, in words. */
export function describeValues(schema: OptionSchema): string {
  const { type } = schema;
  if (Array.isArray(schema['enum'])) return schema['enum'].map(quote).join(', ');
  if ('const' in schema) return quote(schema['const']);
  const alternatives = alternativesOf(schema);
  if (alternatives !== null) return alternatives.map(describeValues).join(' or ');
  if (type === 'boolean') return 'true or false';
  if (type === 'integer' || type === 'number') return describeNumber(schema);
  if (type === 'string') return describeText(schema);
  if (type === 'array') {
    const items = schema['items'] as OptionSchema | undefined;
    return items === undefined ? 'a list' : `a list of: ${describeValues(items)}`;
  }
  if (type === 'object') return 'a JSON object';
  return 'any value';
}

function describeNumber(schema: OptionSchema): string {
  const kind = schema['type'] === 'integer' ? 'a whole number' : 'a number';
  // Zod bounds every whole number by what JavaScript can count exactly.
  const from = boundOf(schema['minimum']);
  const to = boundOf(schema['maximum']);
  const above = boundOf(schema['exclusiveMinimum']);
  const bounds = [
    from === null ? '' : `from ${from}`,
    above === null ? '' : `above ${above}`,
    to === null ? '' : `to ${to}`,
  ];
  const words = bounds.filter((bound) => bound !== '').join(' ');
  if (words === '') return kind;
  return `${kind} ${words.startsWith('to') ? words.replace('to', 'up to') : words}`;
}

function boundOf(value: unknown): number | null {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : null;
}

function describeText(schema: OptionSchema): string {
  const min = schema['minLength'];
  const max = schema['maxLength'];
  if (min === 1 && max === 1) return 'one character';
  return typeof max === 'number' ? `text of at most ${max} characters` : 'text';
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `\`${value}\`` : JSON.stringify(value);
}

function alternativesOf(schema: OptionSchema): readonly OptionSchema[] | null {
  const either = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(either) ? (either as OptionSchema[]) : null;
}

/** Whether a schema lets a value pass, as far as it can be told here: the server decides. */
export function allows(schema: OptionSchema, value: unknown): boolean {
  if (Array.isArray(schema['enum'])) return schema['enum'].includes(value);
  if ('const' in schema) return schema['const'] === value;
  const alternatives = alternativesOf(schema);
  if (alternatives !== null) return alternatives.some((one) => allows(one, value));
  switch (schema['type']) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isInteger(value) && isInRange(schema, value as number);
    case 'number':
      return typeof value === 'number' && isInRange(schema, value);
    case 'string':
      return typeof value === 'string' && isText(schema, value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return true;
  }
}

function isInRange(schema: OptionSchema, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum } = schema;
  return (
    !(typeof minimum === 'number' && value < minimum) &&
    !(typeof maximum === 'number' && value > maximum) &&
    !(typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum)
  );
}

function isText(schema: OptionSchema, value: string): boolean {
  const { minLength, maxLength } = schema;
  const length = Array.from(value).length;
  return (
    !(typeof minLength === 'number' && length < minLength) &&
    !(typeof maxLength === 'number' && length > maxLength)
  );
}
