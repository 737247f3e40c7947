import type { OfficeFormat } from '../../packages/server/src/conversions/engines/office/kinds.ts';
import { loadConfig } from '../../packages/server/src/config.ts';
import {
  DocumentMaker,
  kindOf,
  sheetSource,
  slidesSource,
  textSource,
  type MadeFormat,
} from '../../packages/server/src/conversions/engines/office/test-documents.ts';

export interface Document {
  readonly name: string;
  readonly format: OfficeFormat;
  readonly bytes: Buffer;
}

/** Pages of a text, rows of a sheet by the hundred, slides. */
const sizes: readonly (readonly [MadeFormat, readonly number[]])[] = [
  ['docx', [1, 1, 2, 5, 11]],
  ['odt', [1, 3, 11]],
  ['rtf', [1, 4]],
  ['doc', [2]],
  ['xlsx', [1, 3]],
  ['ods', [2]],
  ['pptx', [3, 11]],
];

/** Mixed documents, made here: LibreOffice writes them from sources of ours. */
export async function makeCorpus(): Promise<Document[]> {
  const maker = await DocumentMaker.open(loadConfig().programFolder);
  const corpus: Document[] = [];
  try {
    for (const [format, counts] of sizes) {
      for (const [at, count] of counts.entries()) {
        const bytes = await maker.make(format, await source(format, count));
        corpus.push({ name: `${at}-${count}.${format}`, format, bytes });
      }
    }
  } finally {
    await maker.close();
  }
  return corpus;
}

async function source(format: MadeFormat, count: number): Promise<Buffer> {
  if (kindOf[format] === 'sheet') return sheetSource(count * 100);
  return kindOf[format] === 'slides' ? slidesSource(count) : textSource(count);
}
