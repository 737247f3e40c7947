import { open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { EngineError } from '../engine.ts';
import { XmlBalance } from './xml-balance.ts';

const entriesMax = 20_000;
/** All parts together, inflated. */
const inflatedBytesMax = 1024 * 1024 * 1024;
const xmlBytesMax = 256 * 1024 * 1024;
/** From here on a part that inflates more than `ratioMax` times is taken for a bomb. */
const ratioGraceBytes = 32 * 1024 * 1024;
const ratioMax = 200;
const keptBytesMax = 4 * 1024 * 1024;

const zipMagic = Buffer.from('PK\u0003\u0004', 'latin1');
const compoundMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** The parts that name fonts, as text; a part that is missing or very large is left out. */
export type FontParts = ReadonlyMap<string, string>;

const fontPartNames = new Set(['word/document.xml', 'word/styles.xml', 'word/theme/theme1.xml']);

/**
 * Looks at a DOCX before LibreOffice does, which makes a PDF of random bytes and unpacks without
 * bounds. Every XML part is inflated and counted; none may declare a document type.
 *
 * @throws EngineError `document_encrypted`, `document_invalid`, `document_too_complex`
 */
export async function checkDocx(path: string): Promise<FontParts> {
  await checkMagic(path);
  const kept = new Map<string, string>();
  let contentTypes = false;
  try {
    const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    try {
      if (zip.entryCount > entriesMax) throw tooComplex(`more than ${entriesMax} parts`);
      let bytes = 0;
      for await (const entry of zip.eachEntry()) {
        if (entry.isEncrypted()) throw encrypted();
        bytes += entry.uncompressedSize;
        if (bytes > inflatedBytesMax) throw tooComplex('more than 1 GB when unpacked');
        if (!/\.(xml|rels)$/iu.test(entry.fileName)) continue;
        const text = await readXml(zip, entry, fontPartNames.has(entry.fileName));
        if (text !== null) kept.set(entry.fileName, text);
        contentTypes ||= entry.fileName === '[Content_Types].xml';
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw invalid('The document is damaged: its ZIP container cannot be read.', error);
  }
  if (!contentTypes) throw invalid('The file is not a DOCX document.');
  return kept;
}

async function checkMagic(path: string): Promise<void> {
  const file = await open(path);
  try {
    const { buffer: head, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    if (bytesRead >= 4 && head.subarray(0, 4).equals(zipMagic)) return;
    // An encrypted DOCX is a compound file around an encrypted package (MS-OFFCRYPTO 2.3).
    if (!head.equals(compoundMagic)) throw invalid('The file is not a DOCX document.');
    const marker = Buffer.from('EncryptedPackage', 'utf16le');
    for await (const chunk of overlapping(file.createReadStream({ start: 0 }), marker.length)) {
      if (chunk.includes(marker)) throw encrypted();
    }
    throw invalid('The file is a document of Word 97-2003, not a DOCX.');
  } finally {
    await file.close().catch(() => {});
  }
}

/** Chunks that begin with the end of the one before, so that nothing hides at a border. */
async function* overlapping(chunks: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let tail = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const joined = Buffer.concat([tail, chunk]);
    yield joined;
    tail = joined.subarray(-length);
  }
}

async function readXml(zip: ZipFile, entry: Entry, keep: boolean): Promise<string | null> {
  const stream = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  const balance = new XmlBalance();
  let bytes = 0;
  let checksum = 0;
  let isUtf16 = false;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (bytes === 0) isUtf16 = refuseDocumentType(chunk, entry.fileName);
    bytes += chunk.length;
    checksum = crc32(chunk, checksum);
    if (bytes > xmlBytesMax) throw tooComplex('a part of more than 256 MB of XML');
    if (bytes > ratioGraceBytes && bytes > entry.compressedSize * ratioMax) {
      throw tooComplex(`a part that inflates more than ${ratioMax} times`);
    }
    if (!isUtf16) fit(entry, () => balance.push(chunk));
    if (keep && bytes <= keptBytesMax) chunks.push(chunk);
  }
  if (!isUtf16) fit(entry, () => balance.end());
  if (checksum !== entry.crc32) {
    throw invalid(`The document is damaged: the checksum of ${entry.fileName} is wrong.`);
  }
  return keep && bytes <= keptBytesMax ? Buffer.concat(chunks).toString('utf8') : null;
}

function fit(entry: Entry, check: () => void): void {
  try {
    check();
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw invalid(`The document is damaged: ${entry.fileName}: ${why}.`, error);
  }
}

/** Also in UTF-16, which is not read further: its zero bytes are left out of the comparison. */
function refuseDocumentType(chunk: Buffer, name: string): boolean {
  const head = chunk.subarray(0, 16 * 1024).toString('latin1');
  if (/<!DOCTYPE|<!ENTITY/iu.test(head.replaceAll('\0', ''))) {
    throw invalid(`The document is refused: ${name} declares a document type.`);
  }
  return /^(?:\u00ff\u00fe|\u00fe\u00ff|<\0|\0<)/u.test(head);
}

function encrypted(): EngineError {
  const message = 'The document is password-protected. Remove the password and try again.';
  return new EngineError('document_encrypted', message);
}

function invalid(message: string, cause?: unknown): EngineError {
  return new EngineError('document_invalid', message, cause);
}

function tooComplex(what: string): EngineError {
  return new EngineError('document_too_complex', `The document has ${what}.`);
}
