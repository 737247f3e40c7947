import type { Token } from 'markdown-it';
import { numberOf } from '../markdown/footnotes.ts';
import type { MarkdownText } from '../markdown/read-markdown.ts';
import { makeDocx } from '../office/make-docx.ts';
import { BlockWriter } from './block-writer.ts';
import {
  contentTypes,
  coreProperties,
  footnotes,
  numbering,
  pageOfPaper,
  relations,
  rootRelations,
  styles,
} from './docx-parts.ts';
import { bookmarkOf, RunWriter, type Gathered } from './run-writer.ts';

/** A Word document of a text: its notes are Word's footnotes, its task lists boxes to tick. */
export async function writeDocx(
  text: MarkdownText,
): Promise<{ bytes: Buffer; picturesLeft: number }> {
  const gathered: Gathered = { pictures: [], starts: [], notesSeen: new Set(), picturesLeft: 0 };
  const linked = linkedPlaces(text.tokens);
  const { body, notes } = separateNotes(text.tokens);
  const runs = new RunWriter(gathered, false);
  const written = new BlockWriter(runs, gathered, linked).write(body);
  const noteRuns = new RunWriter(gathered, true);
  const noteWriter = new BlockWriter(noteRuns, gathered, linked);
  const writtenNotes = notes.map((note) => noteWriter.write(note, noteMark));
  const media = gathered.pictures.map(
    ({ kind, bytes }, at) => [`word/media/picture${at + 1}.${kind}`, bytes] as const,
  );
  const bytes = await makeDocx(`${written}${pageOfPaper}`, {
    '[Content_Types].xml': contentTypes,
    '_rels/.rels': rootRelations,
    'docProps/core.xml': coreProperties(text.about),
    'word/styles.xml': styles(text.about.language),
    'word/numbering.xml': numbering(gathered.starts),
    'word/footnotes.xml': footnotes(writtenNotes),
    'word/_rels/document.xml.rels': relations(['styles', 'numbering', 'footnotes'], runs.relations),
    'word/_rels/footnotes.xml.rels': relations([], noteRuns.relations),
    ...Object.fromEntries(media),
  });
  return { bytes, picturesLeft: gathered.picturesLeft };
}

const noteMark =
  '<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>' +
  '<w:r><w:t xml:space="preserve"> </w:t></w:r>';

function linkedPlaces(tokens: readonly Token[]): Set<string> {
  const addresses = tokens.flatMap(({ children }) =>
    (children ?? []).flatMap((token) => {
      const address = token.type === 'link_open' ? String(token.attrGet('href') ?? '') : '';
      return address.startsWith('#') ? address : [];
    }),
  );
  return new Set(addresses.map(bookmarkOf));
}

/** Notes in the order of their numbers. */
function separateNotes(tokens: readonly Token[]): { body: Token[]; notes: Token[][] } {
  const start = tokens.findIndex(({ type }) => type === 'footnote_block_open');
  if (start === -1) return { body: [...tokens], notes: [] };
  const notes: Token[][] = [];
  for (const token of tokens.slice(start)) {
    if (token.type === 'footnote_open') notes[numberOf(token) - 1] = [];
    else notes.at(-1)?.push(token);
  }
  return { body: tokens.slice(0, start), notes };
}
