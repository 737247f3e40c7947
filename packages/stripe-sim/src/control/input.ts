import { invalidRequest } from '../wire/stripe-error.ts';

/** What a field of the control API may be: a word for a type, or the texts that are allowed. */
export type Rule = 'boolean' | 'integer' | 'share' | 'text' | readonly string[];
export type Rules = Readonly<Record<string, Rule>>;

/** The fields of a JSON body, each checked; throws for what is unknown, missing or wrong. */
export function readInput(
  body: unknown,
  rules: Rules,
  required: readonly string[] = [],
): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidRequest('The body must be a JSON object.');
  }
  const fields = body as Record<string, unknown>;
  for (const name of required) {
    if (!(name in fields)) throw invalidRequest(`\`${name}\` is missing.`, { param: name });
  }
  for (const [name, value] of Object.entries(fields)) {
    const rule = rules[name];
    if (rule === undefined) {
      const known = Object.keys(rules).join(', ');
      throw invalidRequest(`There is no \`${name}\` here; there are ${known}.`, { param: name });
    }
    if (!fits(rule, value)) {
      throw invalidRequest(`\`${name}\` must be ${describe(rule)}.`, { param: name });
    }
  }
  return fields;
}

function fits(rule: Rule, value: unknown): boolean {
  if (rule === 'boolean') return typeof value === 'boolean';
  if (rule === 'integer') return Number.isSafeInteger(value) && Number(value) >= 0;
  if (rule === 'share') return typeof value === 'number' && value >= 0 && value <= 1;
  if (rule === 'text') return typeof value === 'string';
  return typeof value === 'string' && rule.includes(value);
}

function describe(rule: Rule): string {
  if (rule === 'integer') return 'a whole number from 0';
  if (rule === 'share') return 'a number from 0 to 1';
  return typeof rule === 'string' ? `a ${rule}` : `one of ${rule.join(', ')}`;
}
