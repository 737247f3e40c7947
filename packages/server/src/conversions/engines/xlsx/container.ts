import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import { EngineError } from '../engine.ts';

const zipMagic = 0x504b;
const compoundFileMagic = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const encryptedStreamName = Buffer.from('EncryptedPackage', 'utf16le');
const windowBytes = 1024 * 1024;

/**
 * Looks at the first bytes of a file, so that what is no zip is refused by its true name.
 *
 * @throws EngineError `document_encrypted` when it is an encrypted package: a compound file with a
 * stream `EncryptedPackage` (MS-OFFCRYPTO 2.3.4), else `document_invalid`.
 */
export async function refuseUnlessZip(path: string): Promise<void> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    if (bytesRead >= 2 && buffer.readUInt16BE(0) === zipMagic) return;
    if (!buffer.equals(compoundFileMagic))
      throw invalid('The file is not a workbook of this kind.');
    if (!(await contains(file, encryptedStreamName))) {
      throw invalid('The file is a workbook of Excel 97-2003; save it as .xlsx and try again.');
    }
    throw new EngineError(
      'document_encrypted',
      'The workbook is password-protected; remove the password and try again.',
    );
  } finally {
    await file.close();
  }
}

async function contains(file: FileHandle, wanted: Buffer): Promise<boolean> {
  const window = Buffer.alloc(windowBytes);
  for (let position = 0; ; position += windowBytes - wanted.length) {
    const { bytesRead } = await file.read(window, 0, windowBytes, position);
    if (window.subarray(0, bytesRead).includes(wanted)) return true;
    if (bytesRead < windowBytes) return false;
  }
}

function invalid(message: string): EngineError {
  return new EngineError('document_invalid', message);
}
