import type { JsonTree } from './json-tree.ts';

/** What needs no quotes: it begins with a letter and holds nothing that means something. */
const plainPattern = /^[A-Za-z_\u{c0}-\u{24f}][\w \-./+@()\u{c0}-\u{24f}]*$/u;
/** Plain in YAML 1.1 or 1.2, but not text. */
const wordPattern = /^(?:true|false|null|yes|no|on|off|y|n)$/iu;
const lineWidth = 4096;

/** Writes a tree as YAML 1.2 that readers of 1.1 understand alike; numbers keep their digits. */
export function writeYaml(tree: JsonTree, indent: number): string {
  const text = isBlock(tree) ? blockOf(tree, indent, 0) : inline(tree, indent, 0);
  return `${text}\n`;
}

/** Whether it takes lines of its own. */
function isBlock(tree: JsonTree): boolean {
  return (
    (tree.kind === 'array' && tree.items.length > 0) ||
    (tree.kind === 'object' && tree.members.length > 0)
  );
}

function blockOf(tree: JsonTree, indent: number, level: number): string {
  const margin = ' '.repeat(indent * level);
  if (tree.kind === 'array') {
    return tree.items.map((item) => `${margin}-${itemText(item, indent, level)}`).join('\n');
  }
  if (tree.kind !== 'object') return margin + inline(tree, indent, level);
  return tree.members
    .map(([key, value]) => `${margin}${keyText(key)}:${valueText(value, indent, level)}`)
    .join('\n');
}

/** A block below a dash begins on the dash's line: its first margin is the dash. */
function itemText(item: JsonTree, indent: number, level: number): string {
  if (!isBlock(item)) return ` ${inline(item, indent, level + 1)}`;
  const margin = indent * (level + 1);
  return ' '.repeat(indent - 1) + blockOf(item, indent, level + 1).slice(margin);
}

function valueText(value: JsonTree, indent: number, level: number): string {
  if (isBlock(value)) return `\n${blockOf(value, indent, level + 1)}`;
  return ` ${inline(value, indent, level + 1)}`;
}

/** `level` is that of lines that follow. */
function inline(tree: JsonTree, indent: number, level: number): string {
  switch (tree.kind) {
    case 'scalar':
      return tree.text;
    case 'string':
      return stringText(tree.text, indent, level);
    case 'array':
      return '[]';
    case 'object':
      return '{}';
  }
}

/** Keys longer than 1,024 characters have to be asked for. */
function keyText(key: string): string {
  const text = isPlain(key) ? key : JSON.stringify(key);
  return text.length > 1000 ? `? ${text}\n` : text;
}

function isPlain(text: string): boolean {
  if (!plainPattern.test(text) || text.length > lineWidth) return false;
  return !text.endsWith(' ') && !wordPattern.test(text);
}

function stringText(text: string, indent: number, level: number): string {
  if (isPlain(text)) return text;
  return isLines(text) ? literalBlock(text, indent, level) : JSON.stringify(text);
}

/** Lines of printable text that a literal block shows as they are. */
function isLines(text: string): boolean {
  return (
    /\S\n/u.test(text) &&
    !/^[\s]/u.test(text) &&
    !/[^\P{C}\n\t]|[\u{85}\u{2028}\u{2029}\u{feff}]/u.test(text) &&
    !/[ \t](?:\n|$)/u.test(text)
  );
}

function literalBlock(text: string, indent: number, level: number): string {
  const ending = /\n*$/u.exec(text)?.[0].length ?? 0;
  const body = text.slice(0, text.length - ending);
  const mark = ending === 0 ? '|-' : ending === 1 ? '|' : '|+';
  const margin = ' '.repeat(Math.max(1, indent * level));
  const lines = body.split('\n').map((line) => (line === '' ? '' : margin + line));
  return `${mark}\n${lines.join('\n')}${'\n'.repeat(Math.max(0, ending - 1))}`;
}
