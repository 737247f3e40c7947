import { readFile, stat } from 'node:fs/promises';
import { CompoundFile } from './compound-file.ts';
import { damaged, encrypted, invalid, tooComplex } from './refusals.ts';

const sizeBytesMax = 256 * 1024 * 1024;

type Office97 = 'doc' | 'xls' | 'ppt';

/**
 * Checks the container and the first record of a document of Office 97, and whether it asks for a
 * password ([MS-DOC] 2.5.2, [MS-XLS] 2.4.117, [MS-PPT] 2.3.2).
 *
 * @throws EngineError `document_encrypted`, `document_invalid`, `document_too_complex`
 */
export async function checkOffice97(path: string, format: Office97): Promise<void> {
  const { size } = await stat(path);
  if (size > sizeBytesMax) throw tooComplex('more than 256 MB; save it in the newer format');
  const file = new CompoundFile(await readFile(path));
  if (new Set(file.names).has('EncryptedPackage')) throw encrypted();
  checks[format](file);
}

const checks: Readonly<Record<Office97, (file: CompoundFile) => void>> = {
  doc: (file) => {
    const head = file.head('WordDocument', 32);
    if (!head) throw invalid('The file is not a Word 97 document.');
    if (head.length < 32 || head.readUInt16LE(0) !== 0xa5ec) throw damaged('its head is wrong');
    if ((head.readUInt16LE(10) & 0x0100) !== 0) throw encrypted();
  },
  xls: (file) => {
    const head = file.head('Workbook', 4096) ?? file.head('Book', 4096);
    if (!head) throw invalid('The file is not an Excel 97 workbook.');
    if (head.length < 8 || (head.readUInt16LE(0) & 0x00ff) !== 9)
      throw damaged('its head is wrong');
    if (hasRecord(head, 0x2f)) throw encrypted();
  },
  ppt: (file) => {
    const head = file.head('Current User', 20);
    if (!head || !file.head('PowerPoint Document', 8)) {
      throw invalid('The file is not a PowerPoint 97 presentation.');
    }
    const token = head.length < 20 ? 0 : head.readUInt32LE(12);
    if (token === 0xf3d1_c4df) throw encrypted();
    if (token !== 0xe391_c05f) throw damaged('its head is wrong');
  },
};

/** Records are a number and a length of two bytes each; the password's comes among the first. */
function hasRecord(head: Buffer, wanted: number): boolean {
  for (let at = 0; at + 4 <= head.length; at += 4 + head.readUInt16LE(at + 2)) {
    if (head.readUInt16LE(at) === wanted) return true;
  }
  return false;
}
