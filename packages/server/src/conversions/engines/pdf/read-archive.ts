import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { isLeftBehind } from '../../archive-leftovers.ts';
import { EngineError } from '../engine.ts';

export interface ArchiveFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly isPdf: boolean;
}

const entriesMax = 2000;
const inflatedBytesMax = 300 * 2 ** 20;
const signatures: readonly (readonly [RegExp, boolean])[] = [
  [/^%PDF-/u, true],
  [/^\x89PNG\r\n/u, false],
  [/^\xff\xd8\xff/u, false],
  [/^RIFF....WEBP/su, false],
  [/^GIF8[79]a/u, false],
  [/^....ftypavi[fs]/su, false],
  [/^(?:II\*\0|MM\0\*)/u, false],
];

/**
 * The PDFs and images of an archive, known by their content, in the natural order of their names.
 * Names are only names: nothing is written under them.
 *
 * @throws EngineError `document_encrypted`, `document_invalid`, `document_too_complex`
 */
export async function readArchive(
  path: string,
): Promise<{ files: ArchiveFile[]; skipped: string[] }> {
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { autoClose: false, decodeStrings: false });
  } catch (error) {
    throw damaged(error);
  }
  try {
    return await readFiles(zip);
  } catch (error) {
    throw error instanceof EngineError ? error : damaged(error);
  } finally {
    zip.close();
  }
}

async function readFiles(zip: ZipFile): Promise<{ files: ArchiveFile[]; skipped: string[] }> {
  if (zip.entryCount > entriesMax) {
    throw tooMuch(`The archive has ${zip.entryCount} files; ${entriesMax} are merged at most.`);
  }
  const files: ArchiveFile[] = [];
  const skipped: string[] = [];
  let leftBytes = inflatedBytesMax;
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileNameRaw.toString('utf8');
    if (name.endsWith('/') || isLeftBehind(name)) continue;
    const bytes = await inflate(zip, entry, leftBytes);
    leftBytes -= bytes.length;
    const head = bytes.toString('latin1', 0, 16);
    const found = signatures.find(([pattern]) => pattern.test(head));
    if (found) files.push({ name, bytes, isPdf: found[1] });
    else skipped.push(name);
  }
  const order = new Intl.Collator('en', { numeric: true });
  files.sort((one, other) => order.compare(one.name, other.name));
  return { files, skipped };
}

async function inflate(zip: ZipFile, entry: Entry, leftBytes: number): Promise<Buffer> {
  if (entry.isEncrypted()) {
    throw new EngineError('document_encrypted', 'The archive is encrypted; remove the password.');
  }
  const stream = await zip.openReadStreamPromise(entry);
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > leftBytes) {
      throw tooMuch(`The archive inflates to more than ${inflatedBytesMax} bytes.`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooMuch(message: string): EngineError {
  return new EngineError('document_too_complex', message);
}

function damaged(cause: unknown): EngineError {
  return new EngineError('document_invalid', 'The archive is damaged and cannot be read.', cause);
}
