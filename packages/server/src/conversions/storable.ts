/**
 * Whether PostgreSQL takes a JSON value as `jsonb`, which refuses more than JSON does: U+0000, and
 * half of a surrogate pair.
 */
export function isStorable(value: unknown, depthMax: number): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  if (depthMax === 0) return false;
  return Object.entries(value).every(
    ([name, member]) => isStorable(name, depthMax) && isStorable(member, depthMax - 1),
  );
}

/**
 * A text that may quote a document, made fit to be kept with the job: a message must not be the
 * reason that a conversion cannot be counted or given up.
 */
export function storableText(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).toWellFormed().replaceAll('\0', '\ufffd');
}
