const special = /["\\]/;

/**
 * PostgreSQL's text form of an array (https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO).
 * The driver would write the same; for a batch's sixteen arrays this takes a quarter of its time,
 * because most texts need no escape.
 */
export function textArray(values: readonly (string | null)[]): string {
  let literal = '';
  for (const value of values) {
    if (value === null) literal += ',NULL';
    else literal += `,"${special.test(value) ? value.replaceAll(/["\\]/g, '\\$&') : value}"`;
  }
  return `{${literal.slice(1)}}`;
}

/** The same for whole numbers; null is NULL. */
export function integerArray(values: readonly (number | null)[]): string {
  let literal = '';
  for (const value of values) literal += value === null ? ',NULL' : `,${value}`;
  return `{${literal.slice(1)}}`;
}
