import { crc32 } from 'node:zlib';
import { fromBufferPromise, getFileNameLowLevel, openPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { AppError } from '../../errors.ts';
import { displayFilename } from '../../http/upload/multipart-head.ts';
import {
  FileIntake,
  type UploadedFile,
  type UploadFileOptions,
} from '../../http/upload/upload-file.ts';
import { invalidRequest } from '../../http/validation.ts';
import { isLeftBehind } from '../archive-leftovers.ts';
import type { WholeFile } from '../detect/detect-container.ts';

export interface ArchiveOptions extends Pick<UploadFileOptions, 'limits'> {
  readonly filesMax: number;
  /** Of all files together, inflated. */
  readonly totalBytesMax: number;
  readonly memoryBytesMax: number;
  open(index: number): ReturnType<UploadFileOptions['open']>;
}

export interface ArchiveFile {
  readonly filename: string;
  readonly file: UploadedFile | AppError;
}

/** Folders, links and what systems leave behind included. */
const entriesMax = 10_000;
/** Past this many bytes, an entry that inflates more than so many times is a bomb. */
const graceBytes = 10 * 1_048_576;
const ratioMax = 200;

/**
 * The files in a ZIP, each inflated into memory or its place, counted on the way: no figure in the
 * archive is believed. Folders, symbolic links and what macOS and Windows leave behind are passed over.
 *
 * @throws AppError `unsupported_format`, `document_invalid`, `document_too_complex`,
 *   `invalid_request` where there are too many files; what speaks against one file is told with it
 */
export async function readArchive(
  archive: WholeFile,
  options: ArchiveOptions,
): Promise<ArchiveFile[]> {
  const zip = await openArchive(archive);
  try {
    const files: ArchiveFile[] = [];
    const room = { bytes: options.totalBytesMax };
    for (const { entry, filename } of await listFiles(zip, options.filesMax)) {
      const file = await inflate(zip, entry, filename, {
        limits: options.limits,
        memoryBytesMax: options.memoryBytesMax,
        room,
        open: () => options.open(files.length),
      });
      files.push({ filename, file });
    }
    return files;
  } finally {
    zip.close();
  }
}

async function openArchive(archive: WholeFile): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false };
  const zip = await (
    'path' in archive
      ? openPromise(archive.path, options)
      : fromBufferPromise(archive.bytes, options)
  ).catch((error: unknown) => {
    throw damaged(error);
  });
  if (zip.entryCount <= entriesMax) return zip;
  zip.close();
  throw new AppError('document_too_complex', `The archive has more than ${entriesMax} entries.`);
}

/** All of them before the first is inflated: an archive that is refused costs nothing. */
async function listFiles(zip: ZipFile, filesMax: number) {
  const files: { entry: Entry; filename: string }[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const name = getFileNameLowLevel(
        entry.generalPurposeBitFlag,
        entry.fileNameRaw,
        entry.extraFields,
        false,
      );
      if (isPassedOver(entry, name)) continue;
      if (files.length === filesMax) {
        const detail = `has more than the ${filesMax} files that one batch may have`;
        throw invalidRequest([{ pointer: '/archive', detail }]);
      }
      files.push({ entry, filename: displayFilename(name) });
    }
  } catch (error) {
    throw error instanceof AppError ? error : damaged(error);
  }
  if (files.length > 0) return files;
  throw invalidRequest([{ pointer: '/archive', detail: 'has no files' }]);
}

const fileTypeBits = 0o170_000;
const regularFile = 0o100_000;

function isPassedOver({ versionMadeBy, externalFileAttributes }: Entry, name: string): boolean {
  if (/[/\\]$/.test(name) || isLeftBehind(name)) return true;
  const isUnix = versionMadeBy >> 8 === 3;
  const type = isUnix ? (externalFileAttributes >>> 16) & fileTypeBits : 0;
  return type !== 0 && type !== regularFile;
}

interface InflateOptions extends UploadFileOptions {
  /** What is left for this and all further files. */
  readonly room: { bytes: number };
}

async function inflate(
  zip: ZipFile,
  entry: Entry,
  filename: string,
  options: InflateOptions,
): Promise<UploadedFile | AppError> {
  if (entry.isEncrypted()) {
    return new AppError('document_encrypted', 'The file is encrypted in the archive.');
  }
  const intake = new FileIntake(options);
  try {
    let bytes = 0;
    for await (const piece of contentOf(zip, entry)) {
      bytes += piece.length;
      options.room.bytes -= piece.length;
      if (options.room.bytes < 0) throw new ArchiveFull();
      intake.take(piece);
      refuseBomb(bytes, entry.compressedSize);
      if (intake.needsFlush) await intake.flush();
    }
    return await intake.finish(filename);
  } catch (error) {
    await intake.abort();
    if (error instanceof ArchiveFull) throw error.refusal;
    if (error instanceof AppError && error.status < 500) return error;
    throw error;
  }
}

/** Only what goes wrong in here is a fault of the archive; a full disk, say, is ours. */
async function* contentOf(zip: ZipFile, entry: Entry): AsyncGenerator<Buffer> {
  try {
    let checksum = 0;
    for await (const piece of await zip.openReadStreamPromise(entry)) {
      checksum = crc32(piece as Buffer, checksum);
      yield piece as Buffer;
    }
    if (checksum !== entry.crc32) throw new Error('the checksum is another');
  } catch (error) {
    throw new AppError('document_invalid', 'The file is damaged in the archive.', { cause: error });
  }
}

/** Ends the whole archive, not one file of it. */
class ArchiveFull extends Error {
  readonly refusal = new AppError(
    'document_too_complex',
    'The archive inflates to more bytes than one batch may have.',
  );
}

function refuseBomb(bytes: number, compressedBytes: number): void {
  if (bytes > graceBytes && bytes > compressedBytes * ratioMax) {
    const message = `The file inflates more than ${ratioMax} times.`;
    throw new AppError('document_too_complex', message);
  }
}

function damaged(cause: unknown): AppError {
  return new AppError('document_invalid', 'The archive cannot be read: it is no ZIP, or damaged.', {
    cause,
  });
}
