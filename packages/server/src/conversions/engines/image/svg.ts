import type { Warning } from '../engine.ts';
import { EngineError } from '../engine.ts';

const entitiesMax = 100;
/** All entities together, written out. */
const expandedCharactersMax = 1_000_000;

/**
 * Looks at a drawing before anything parses it. Entities, as Illustrator writes them, may be there
 * if they are plain text; ones that name a file, or each other, may not.
 *
 * @throws EngineError `document_invalid`, `document_too_complex`
 */
export function checkSvg(bytes: Buffer): Warning[] {
  const text = decode(bytes);
  if (!/<(?:[\w.-]+:)?svg[\s>/]/iu.test(text)) {
    throw new EngineError('document_invalid', 'The drawing has no svg element.');
  }
  checkEntities(text);
  const warnings: Warning[] = [];
  if (refersOutside(text)) {
    warnings.push({
      code: 'references_dropped',
      detail: 'The drawing refers to other files or addresses; nothing of them is in the image.',
    });
  }
  return warnings;
}

/** Whether there is something to read in it. */
export function hasText(bytes: Buffer): boolean {
  return /<(?:[\w.-]+:)?(?:text|tspan|textPath)\b[^<>]*>[^<]*[^\s<]/iu.test(decode(bytes));
}

/** UTF-16 has a byte order mark; all else is ASCII where it matters here. */
function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return bytes.toString('latin1');
}

function checkEntities(text: string): void {
  const declared = [
    ...text.matchAll(/<!ENTITY\s+(%\s+)?([^\s"']{1,200})\s+("[^"]*"|'[^']*'|\S)/gu),
  ];
  if (text.split('<!ENTITY').length - 1 > declared.length) throw entitiesRefused();
  if (declared.length > entitiesMax) throw entitiesRefused();
  let expanded = 0;
  for (const [, parameter, name = '', value = ''] of declared) {
    const plain = /^["']/u.test(value) && !/[&%<]/u.test(value);
    if (parameter !== undefined || !plain) throw entitiesRefused();
    expanded += (text.split(`&${name};`).length - 1) * value.length;
  }
  if (expanded > expandedCharactersMax) throw entitiesRefused();
}

function entitiesRefused(): EngineError {
  const message =
    'The drawing declares XML entities that are many, nested or outside the file; only short texts are allowed.';
  return new EngineError('document_too_complex', message);
}

const outside = String.raw`(?!\s*(?:#|data:|&|["']))`;
const references = [
  new RegExp(
    String.raw`<(?:[\w.-]+:)?(?:image|use|feImage)\s[^<>]*\bhref\s*=\s*["']${outside}`,
    'iu',
  ),
  // One look ahead, so that white space without end is passed over once, not from each of its places.
  /\burl\((?!\s*(?:["']\s*)?(?:#|data:|&)|\s*["']\s*["'])/iu,
  /@import\b|<\?xml-stylesheet\b|<xi:include\b/iu,
];

function refersOutside(text: string): boolean {
  return references.some((pattern) => pattern.test(text));
}

/** How a drawing is loaded, and by how much it is resized then unless a size is asked for. */
export interface DrawingScale {
  readonly density: number;
  readonly scale: number;
}

const cssDpi = 96;

/**
 * sharp's `density` multiplies pixels by density / 72, and is at the same time the number of pixels
 * in an inch. At 96 millimetres and points are right, so where there are some it is loaded so.
 */
export function scaleOf(bytes: Buffer, dpi: number): DrawingScale {
  const zoom = dpi / cssDpi;
  const hasLengths = /\d(?:mm|cm|in|pt|pc|q)\b/iu.test(decode(bytes));
  if (!hasLengths) return { density: Math.max(1, zoom * 72), scale: 1 };
  return { density: cssDpi, scale: (zoom * 72) / cssDpi };
}
