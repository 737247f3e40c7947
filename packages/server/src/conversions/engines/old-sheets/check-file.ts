import * as XLSX from '@e965/xlsx';

import { EngineError } from '../engine.ts';
import { Archive } from '../xlsx/archive.ts';

const compoundFileMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const archiveLimits = {
  entriesMax: 10_000,
  inflatedBytesMax: 256 * 1024 ** 2,
  ratioMax: 200,
  ratioGraceBytes: 64 * 1024 ** 2,
};

/**
 * Checks that a compound file holds a whole workbook: SheetJS takes any bytes for some format, and
 * reads what is left of a file that was cut off.
 *
 * @throws EngineError `document_invalid`, or `document_encrypted` (MS-OFFCRYPTO 2.3.4)
 */
export function checkCompoundFile(bytes: Buffer): void {
  if (!bytes.subarray(0, 8).equals(compoundFileMagic)) {
    throw new EngineError('document_invalid', 'The file is not a workbook of Excel 97-2003.');
  }
  const files = readCompoundFile(bytes);
  if (XLSX.CFB.find(files, 'EncryptedPackage')) {
    throw new EngineError(
      'document_encrypted',
      'The workbook is password-protected; remove the password and try again.',
    );
  }
  const stream = XLSX.CFB.find(files, 'Workbook') ?? XLSX.CFB.find(files, 'Book');
  if (!stream) throw new EngineError('document_invalid', 'The file holds no workbook.');
  if (stream.content.length < stream.size) {
    throw new EngineError('document_invalid', 'The workbook is cut off.');
  }
}

function readCompoundFile(bytes: Buffer) {
  try {
    return XLSX.CFB.read(bytes, { type: 'buffer' });
  } catch (error) {
    throw new EngineError('document_invalid', 'The workbook is cut off or damaged.', error);
  }
}

/**
 * Inflates every part once, within bounds and against its checksum, before SheetJS takes them all
 * into memory.
 *
 * @throws EngineError
 */
export async function checkBinaryWorkbook(path: string): Promise<void> {
  const archive = await Archive.open(path, archiveLimits);
  try {
    if (!archive.has('xl/workbook.bin')) {
      throw new EngineError('document_invalid', 'The file holds no binary workbook.');
    }
    for (const name of archive.names) {
      if (name.endsWith('/')) continue;
      for await (const _ of archive.chunks(name));
    }
  } finally {
    await archive.close();
  }
}
