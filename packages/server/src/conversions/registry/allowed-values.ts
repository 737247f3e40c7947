/** A part of an option's JSON Schema (2020-12). */
type Schema = Readonly<Record<string, unknown>>;

const quote = (value: unknown) => JSON.stringify(value);

/** What an option may be, as an error says it after "must be": `a whole number from 0 to 8`. */
export function allowedValues(schema: Schema): string {
  const { type, enum: members, anyOf } = schema;
  if ('const' in schema) return quote(schema['const']);
  if (Array.isArray(members)) return `one of ${members.map(quote).join(', ')}`;
  if (Array.isArray(anyOf)) return (anyOf as Schema[]).map(allowedValues).join(' or ');
  switch (type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
    case 'number': {
      const range = rangeOf(schema, 'minimum', 'maximum').replace(/^(?=-?[\d.]+ to)/u, 'from ');
      return `a ${type === 'integer' ? 'whole number' : 'number'} ${range}`.trimEnd();
    }
    case 'array': {
      const count = rangeOf(schema, 'minItems', 'maxItems');
      const each = `each ${allowedValues(schema['items'] as Schema)}`;
      return count === '' ? `a list, ${each}` : `a list of ${count} entries, ${each}`;
    }
    default: {
      const length = rangeOf(schema, 'minLength', 'maxLength');
      if (length === 'at least 1') return 'a text that is not empty';
      return length === '' ? 'a text' : `a text of ${length} characters`;
    }
  }
}

function rangeOf(schema: Schema, lowest: string, highest: string): string {
  const [min, max] = [schema[lowest], schema[highest]];
  if (typeof min !== 'number') return typeof max === 'number' ? `at most ${max}` : '';
  return typeof max === 'number' ? `${min} to ${max}` : `at least ${min}`;
}
