import { needsEscape } from '../text/json-text.ts';
import { closeOf, type JsonScanner } from '../text/json-scanner.ts';

/**
 * A document in the shape of JSON, with what JavaScript's own objects would lose: the digits of
 * numbers as they are written, and the order of keys that look like numbers.
 */
export type JsonTree =
  /** A number as it is written, `true`, `false` or `null`. */
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly JsonTree[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, JsonTree])[] };

export const nullTree: JsonTree = { kind: 'scalar', text: 'null' };

const quote = 0x22;

/** Reads the value that begins with `code`. @throws EngineError as the scanner does */
export function readTree(scanner: JsonScanner, code: number, depth = 0): JsonTree {
  if (code === quote) return { kind: 'string', text: scanner.string() };
  if (!scanner.isContainer(code)) return { kind: 'scalar', text: scanner.scalar(code) };
  scanner.checkDepth(depth);
  const close = closeOf(code);
  const isEmpty = !scanner.enter(close);
  if (scanner.isObject(code)) {
    const members: [string, JsonTree][] = [];
    if (isEmpty) return { kind: 'object', members };
    do members.push([scanner.key(), readTree(scanner, scanner.peek(), depth + 1)]);
    while (scanner.more(close));
    return { kind: 'object', members };
  }
  const items: JsonTree[] = [];
  if (isEmpty) return { kind: 'array', items };
  do items.push(readTree(scanner, scanner.peek(), depth + 1));
  while (scanner.more(close));
  return { kind: 'array', items };
}

/** Writes a value as `JSON.stringify(value, null, indent)` would, from a level of its own. */
export function writeTree(tree: JsonTree, indent: number, level = 0): string {
  switch (tree.kind) {
    case 'scalar':
      return tree.text;
    case 'string':
      return quotedText(tree.text);
    case 'array':
      return enclose(
        tree.items.map((item) => writeTree(item, indent, level + 1)),
        '[]',
        indent,
        level,
      );
    case 'object': {
      const colon = indent === 0 ? ':' : ': ';
      const members = tree.members.map(
        ([key, value]) => quotedText(key) + colon + writeTree(value, indent, level + 1),
      );
      return enclose(members, '{}', indent, level);
    }
  }
}

function enclose(parts: readonly string[], brackets: string, indent: number, level: number) {
  const [open = '', close = ''] = brackets;
  if (parts.length === 0) return brackets;
  if (indent === 0) return open + parts.join(',') + close;
  const inner = `\n${' '.repeat(indent * (level + 1))}`;
  return open + inner + parts.join(`,${inner}`) + `\n${' '.repeat(indent * level)}` + close;
}

/** Half a surrogate pair is kept as the escape that it was. */
function quotedText(text: string): string {
  return needsEscape.test(text) || !text.isWellFormed() ? JSON.stringify(text) : `"${text}"`;
}
