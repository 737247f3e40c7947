import { fromBufferPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import type { Format } from '../engines/engine.ts';
import { formatOfMediaType, formats } from '../registry/formats.ts';
import { openZipInWindows } from './zip-windows.ts';

/** What a ZIP or a compound file holds. */
export interface Container {
  readonly format: Format | null;
  readonly mediaType: string;
  readonly encrypted?: true;
}

/** Reads at most `length` bytes at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

export type WholeFile = { readonly path: string } | { readonly bytes: Buffer };

/** Looked at before we call it a plain archive. */
const entriesMax = 20_000;
const contentTypesBytesMax = 1024 * 1024;
const mimeTypeName = Buffer.from('mimetype');
const contentTypesName = Buffer.from('[Content_Types].xml');

/** The main part's content type (ECMA-376 part 1, 12-15) names the kind of document. */
const mainParts: readonly (readonly [string, Format])[] = [
  ['spreadsheetml.sheet.main+xml', 'xlsx'],
  ['ms-excel.sheet.macroEnabled.main+xml', 'xlsm'],
  ['ms-excel.sheet.binary.macroEnabled.main', 'xlsb'],
  ['wordprocessingml.document.main+xml', 'docx'],
  ['presentationml.presentation.main+xml', 'pptx'],
];

/** Known and not read: it is named in the refusal. */
const wordWithMacros: Container = {
  format: null,
  mediaType: 'application/vnd.ms-word.document.macroEnabled.12',
};

const plainZip: Container = { format: 'zip', mediaType: formats.zip.mediaType };

/**
 * Tells workbooks and documents from plain archives by the archive's own table of contents.
 * Bounded: at most 20,000 entries and 1 MiB of the content types are read.
 *
 * @returns null where the archive cannot be read (damaged, or cut off).
 */
export async function inspectZip(file: WholeFile): Promise<Container | null> {
  let zip: ZipFile;
  try {
    const options = { lazyEntries: true, autoClose: false, decodeStrings: false };
    zip = await ('path' in file
      ? openZipInWindows(file.path, options)
      : fromBufferPromise(file.bytes, options));
  } catch {
    return null;
  }
  try {
    return await inspectEntries(zip);
  } catch {
    return null;
  } finally {
    zip.close();
  }
}

async function inspectEntries(zip: ZipFile): Promise<Container> {
  let seen = 0;
  for await (const entry of zip.eachEntry()) {
    if (entry.fileNameRaw.equals(mimeTypeName)) {
      const mediaType = await readDeclaredType(zip, entry);
      const format = formatOfMediaType(mediaType);
      // Some writers do not put it first, as OpenDocument wants it; then only a known type counts.
      if (seen === 0 || format !== null) return { format, mediaType };
    }
    if (entry.fileNameRaw.equals(contentTypesName)) {
      const types = await readEntry(zip, entry, contentTypesBytesMax);
      return classify(types.toString('latin1'));
    }
    seen += 1;
    if (seen >= entriesMax) break;
  }
  return plainZip;
}

/** OpenDocument and EPUB archives begin with an entry that names their media type. */
async function readDeclaredType(zip: ZipFile, entry: Entry): Promise<string> {
  const text = (await readEntry(zip, entry, 256)).toString('latin1').trim();
  return /^application\/[\w.+-]{1,100}$/u.test(text) ? text : plainZip.mediaType;
}

function classify(contentTypes: string): Container {
  for (const [part, format] of mainParts) {
    if (contentTypes.includes(part)) return { format, mediaType: formats[format].mediaType };
  }
  return contentTypes.includes('ms-word.document.macroEnabled') ? wordWithMacros : plainZip;
}

async function readEntry(zip: ZipFile, entry: Entry, sizeBytesMax: number): Promise<Buffer> {
  const stream = await zip.openReadStreamPromise(entry);
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece);
    size += piece.length;
    if (size >= sizeBytesMax) break;
  }
  return Buffer.concat(pieces);
}

/** Names of streams that tell what a compound file is ([MS-CFB], [MS-OFFCRYPTO] 2.3.1). */
const streamFormats: readonly (readonly [string, Format])[] = [
  ['WordDocument', 'doc'],
  ['Workbook', 'xls'],
  ['Book', 'xls'],
  ['PowerPoint Document', 'ppt'],
];
const outlookStream = '__properties_version1.0';

/**
 * Tells an encrypted workbook or document from the formats of Office 97 by the names of the
 * streams in a compound file (magic D0CF11E0). Which kind of document is encrypted cannot be seen
 * from outside: `format` is null then.
 */
export async function inspectCompoundFile(readAt: ReadAt): Promise<Container> {
  const names = await listStreams(readAt);
  if (names.has('EncryptedPackage')) {
    return { format: null, mediaType: 'application/x-ole-storage', encrypted: true };
  }
  const known = streamFormats.find(([name]) => names.has(name));
  if (known) return { format: known[1], mediaType: formats[known[1]].mediaType };
  const outlook = names.has(outlookStream) ? 'application/vnd.ms-outlook' : null;
  return { format: null, mediaType: outlook ?? 'application/x-ole-storage' };
}

const directorySectorsMax = 256;
const entryBytes = 128;
const endOfChain = 0xffff_fffa;

/** Follows the directory's sectors through the allocation table; bounded, so a loop ends. */
async function listStreams(readAt: ReadAt): Promise<Set<string>> {
  const names = new Set<string>();
  const header = await readAt(0, 512);
  if (header.length < 512) return names;
  const sectorBytes = header.readUInt16LE(30) === 12 ? 4096 : 512;
  let sector = header.readUInt32LE(48);
  for (let count = 0; sector < endOfChain && count < directorySectorsMax; count += 1) {
    const bytes = await readAt((sector + 1) * sectorBytes, sectorBytes);
    for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
      const nameBytes = Math.min(bytes.readUInt16LE(at + 64), 64);
      if (nameBytes > 2) names.add(bytes.toString('utf16le', at, at + nameBytes - 2));
    }
    sector = await nextSector(readAt, header, sector, sectorBytes);
  }
  return names;
}

/** The header lists the first 109 sectors of the table: enough for 7 MB of 512-byte sectors. */
async function nextSector(
  readAt: ReadAt,
  header: Buffer,
  sector: number,
  sectorBytes: number,
): Promise<number> {
  const perSector = sectorBytes / 4;
  const table = Math.floor(sector / perSector);
  if (table >= 109) return sector + 1;
  const tableSector = header.readUInt32LE(76 + table * 4);
  const offset = (tableSector + 1) * sectorBytes + (sector % perSector) * 4;
  const next = await readAt(offset, 4);
  return next.length === 4 ? next.readUInt32LE(0) : endOfChain;
}
