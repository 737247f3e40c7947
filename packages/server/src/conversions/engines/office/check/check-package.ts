import { fromBufferPromise, openPromise, type Entry, type ZipFile } from 'yauzl';
import { EngineError, type Format } from '../../engine.ts';
import { formats } from '../../../registry/formats.ts';
import { refuseUnlessZip } from './package-magic.ts';
import { Budget, nestedBytesMax, readPart } from './read-part.ts';
import { encrypted, invalid, damaged, tooComplex } from './refusals.ts';

/** Parts whose text is looked at afterwards, by name; one that is very large is left out. */
export type Parts = ReadonlyMap<string, string>;

const entriesMax = 20_000;
const mainParts = { ooxml: '[Content_Types].xml', odf: 'content.xml' } as const;

const manifestName = 'META-INF/manifest.xml';

/** Compressed files that LibreOffice has no business with, by their ending. */
const archiveName = /\.(?:zip|jar|7z|rar|tar|gz|tgz|bz2|xz|zst)$/iu;
/** Embedded documents are packages themselves: checked like the outer one, one level deep. */
const packageName = /\.(?:docx|docm|xlsx|xlsm|xlsb|pptx|pptm|ppsx|sldx|odt|ods|odp|odg|odc)$/iu;

export interface PackageKind {
  readonly format: Format;
  readonly container: keyof typeof mainParts;
  /** Which parts' text to keep. */
  readonly keep: RegExp;
}

/**
 * Looks at an Office Open XML or OpenDocument package before LibreOffice does, which makes a PDF
 * of random bytes and unpacks without bounds. Every part is inflated and counted, every XML part
 * must be whole, none may declare a document type, and archives in the archive are refused.
 *
 * @throws EngineError `document_encrypted`, `document_invalid`, `document_too_complex`
 */
export async function checkPackage(path: string, kind: PackageKind): Promise<Parts> {
  await refuseUnlessZip(path, kind.format);
  const open = () => openPromise(path, { lazyEntries: true, autoClose: false });
  return checkZip(open, kind, new Budget());
}

async function checkZip(
  open: () => Promise<ZipFile>,
  kind: PackageKind,
  budget: Budget,
): Promise<Parts> {
  const kept = new Map<string, string>();
  const names = new Set<string>();
  try {
    const zip = await open();
    try {
      if (zip.entryCount > entriesMax) throw tooComplex(`more than ${entriesMax} parts`);
      for (const entry of await listEntries(zip)) {
        names.add(entry.fileName);
        const text = await checkEntry(zip, entry, kind, budget);
        if (text !== null) kept.set(entry.fileName, text);
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw damaged('its ZIP container cannot be read', error);
  }
  if (budget.depth === 0) {
    const isMain = names.has(mainParts[kind.container]);
    if (!isMain) throw invalid(`The file is not a document of ${formats[kind.format].title}.`);
  }
  return kept;
}

/** The manifest first: it tells that the parts are encrypted and therefore no XML. */
async function listEntries(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    if (entry.isEncrypted()) throw encrypted();
    if (entry.fileName.endsWith('/')) continue;
    if (entry.fileName === manifestName) entries.unshift(entry);
    else entries.push(entry);
  }
  return entries;
}

/** The part's text where it is to be kept. */
async function checkEntry(
  zip: ZipFile,
  entry: Entry,
  kind: PackageKind,
  budget: Budget,
): Promise<string | null> {
  const name = entry.fileName;
  if (archiveName.test(name)) throw invalid(`The document is refused: ${name} is an archive.`);
  const nested = packageName.test(name);
  const manifest = name === manifestName;
  const keep = nested || manifest || (budget.depth === 0 && kind.keep.test(name));
  const part = await readPart(zip, entry, { keep, budget });
  // OpenDocument, part 2, 4.3: each encrypted entry has its key's description in the manifest.
  if (manifest && part?.includes('encryption-data') === true) throw encrypted();
  if (!nested) return part === null || manifest ? null : part.toString('utf8');
  if (budget.depth > 0) throw invalid('The document is refused: documents nested in documents.');
  if (part === null) throw tooComplex(`an embedded document of more than ${nestedBytesMax} bytes`);
  // An embedded one may also be a compound file, which LibreOffice shows by its picture.
  if (part.subarray(0, 2).toString('latin1') !== 'PK') return null;
  const open = () => fromBufferPromise(part, { lazyEntries: true, autoClose: false });
  await checkZip(open, kind, budget.nested());
  return null;
}
