import { invalidRequest } from './stripe-error.ts';

/** A form field: text, or the fields in brackets behind its name. */
export type FormValue = string | FormFields;
export interface FormFields {
  [name: string]: FormValue;
}

const depthMax = 10;
const fieldsMax = 2_000;

/**
 * Reads `a=1&items[0][price]=x&expand[]=y` into nested fields. Lists stay fields with numbers as
 * names: whether something is a list only the contract knows.
 */
export function parseForm(text: string): FormFields {
  const root = emptyFields();
  let count = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    count += 1;
    if (count > fieldsMax) throw invalidRequest(`More than ${fieldsMax} parameters.`);
    const path = pathOf(name);
    let fields = root;
    for (const part of path.slice(0, -1)) {
      const key = part === '' ? nextIndex(fields) : part;
      const next = fields[key] ?? emptyFields();
      if (typeof next === 'string') throw invalidRequest(`Invalid parameter: ${name}`);
      fields[key] = next;
      fields = next;
    }
    const last = path.at(-1) ?? '';
    fields[last === '' ? nextIndex(fields) : last] = value;
  }
  return root;
}

function emptyFields(): FormFields {
  return Object.create(null) as FormFields;
}

function pathOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (match === null) throw invalidRequest(`Invalid parameter name: ${name}`);
  const [, first = '', rest = ''] = match;
  const path = [first, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map((part) => part[1] ?? '')];
  if (path.length > depthMax) throw invalidRequest(`Parameter is nested too deeply: ${first}`);
  return path;
}

function nextIndex(fields: FormFields): string {
  return String(Object.keys(fields).length);
}
