import { EngineError } from '../engine.ts';
import { JsonElements } from '../text/json-elements.ts';
import { readTree, type JsonTree } from './json-tree.ts';

/** Reads one whole JSON value, or the values of NDJSON as an array. @throws EngineError */
export function readJsonDocument(text: string): JsonTree {
  const items: JsonTree[] = [];
  const elements = new JsonElements((scanner, code) => items.push(readTree(scanner, code)));
  elements.write(text);
  elements.end();
  const [only] = items;
  const isArray = /^\s*\[/u.test(text);
  if (!isArray && items.length === 1 && only) return only;
  return { kind: 'array', items };
}

/** The largest document that is taken apart in memory. */
const documentBytesMax = 32 * 1024 * 1024;

/** @throws EngineError `document_too_complex` */
export function checkDocumentSize(sizeBytes: number): void {
  if (sizeBytes <= documentBytesMax) return;
  throw new EngineError(
    'document_too_complex',
    `A document of this kind is read as a whole: it may have ${documentBytesMax / 2 ** 20} MB.`,
  );
}
