import {
  PDFArray,
  PDFDict,
  PDFName,
  PDFObjectCopier,
  PDFPageLeaf,
  PDFRef,
  type PDFDocument,
} from 'pdf-lib';
import type { Warning } from '../engine.ts';
import { asDamage } from './load-pdf.ts';

const name = (text: string) => PDFName.of(text);
/** Links stay; a script, a program to start or a form to send does not. */
const actionsKept = new Set(['/URI', '/GoTo']);

/**
 * Appends pages of one document to another, in the given order. Nothing of the pages left out comes
 * along: pdf-lib alone would carry over whatever a link, a form or a bookmark refers to.
 */
export function copyPages(target: PDFDocument, source: PDFDocument, indices: readonly number[]) {
  const refs = source.getPages().map(({ ref }) => ref);
  const wanted = new Set(indices);
  const left = refs.flatMap((ref, index) => {
    const page = source.context.lookup(ref);
    return wanted.has(index) || page === undefined ? [] : [{ ref, page }];
  });
  for (const { ref } of left) source.context.delete(ref);
  try {
    const copier = PDFObjectCopier.for(source.context, target.context);
    const placed = new Set<string>();
    for (const index of indices) {
      const ref = refs[index];
      if (ref === undefined) continue;
      disarm(source.context.lookup(ref, PDFDict));
      append(target, copier.copy(ref), placed);
    }
  } catch (error) {
    throw asDamage(error);
  } finally {
    for (const { ref, page } of left) source.context.assign(ref, page);
  }
}

function append(target: PDFDocument, copied: PDFRef, placed: Set<string>): void {
  const { context, catalog } = target;
  const leaf = context.lookup(copied);
  if (!(leaf instanceof PDFPageLeaf)) throw new Error('a page that is no page');
  // A page that is wanted twice needs an object of its own in the tree of pages.
  const again = placed.has(copied.toString());
  const page = again ? leaf.clone() : leaf;
  const ref = again ? context.register(page) : copied;
  placed.add(copied.toString());
  const tree = catalog.get(name('Pages'));
  if (!(tree instanceof PDFRef)) throw new Error('a document without a tree of pages');
  page.setParent(tree);
  catalog.Pages().pushLeafNode(ref);
}

/** Takes out of a page what acts by itself and what belongs to the document around it. */
function disarm(page: PDFDict): void {
  for (const key of ['AA', 'B', 'StructParents']) page.delete(name(key));
  const annotations = page.lookup(name('Annots'));
  if (!(annotations instanceof PDFArray)) return;
  for (let index = 0; index < annotations.size(); index += 1) {
    const annotation = annotations.lookup(index);
    if (!(annotation instanceof PDFDict)) continue;
    for (const key of ['AA', 'Parent', 'StructParent', 'IRT']) annotation.delete(name(key));
    const action = annotation.lookup(name('A'));
    const kind = action instanceof PDFDict ? String(action.lookup(name('S'))) : '';
    if (!actionsKept.has(kind)) annotation.delete(name('A'));
    else if (action instanceof PDFDict) action.delete(name('Next'));
  }
}

const parts: readonly (readonly [string, string])[] = [
  ['Outlines', 'bookmarks'],
  ['AcroForm', 'form fields (shown as they were filled in)'],
  ['StructTreeRoot', 'tags for screen readers'],
  ['Names', 'attachments, scripts and named places'],
];

/** What copying pages leaves behind of a document. */
export function warnOfLostParts(sources: readonly PDFDocument[]): Warning[] {
  const lost = parts
    .filter(([key]) => sources.some(({ catalog }) => catalog.has(name(key))))
    .map(([, words]) => words);
  if (lost.length === 0) return [];
  return [{ code: 'parts_dropped', detail: `Not carried over: ${lost.join(', ')}.` }];
}
