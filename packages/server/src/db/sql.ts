import { createHash } from 'node:crypto';

/** A statement with its values apart: `text` never holds a value. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Name of the prepared statement; the same text has the same name. */
  readonly name: string;
}

const names = new Map<string, string>();

/**
 * The `sql` tag: values become `$1, $2, …`; a nested statement is spliced in with its own values.
 *
 * @example db.query(sql`SELECT * FROM jobs WHERE organization_id = ${id}`)
 */
export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Statement {
  const values: unknown[] = [];
  let text = strings[0] ?? '';
  parts.forEach((part, index) => {
    text += isStatement(part) ? splice(part, values) : `$${values.push(part)}`;
    text += strings[index + 1] ?? '';
  });
  return { text, values, name: nameOf(text) };
}

function splice(part: Statement, values: unknown[]): string {
  const offset = values.length;
  values.push(...part.values);
  return part.text.replaceAll(/\$(\d+)/g, (_, digits: string) => `$${Number(digits) + offset}`);
}

function isStatement(part: unknown): part is Statement {
  return typeof part === 'object' && part !== null && 'text' in part && 'values' in part;
}

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 20);
    names.set(text, name);
  }
  return name;
}
