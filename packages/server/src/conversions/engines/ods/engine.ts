import { EngineError } from '../engine.ts';
import type { EngineTask } from '../engine.ts';
import { archiveEngine } from '../xlsx/archive-engine.ts';
import type { Archive } from '../xlsx/archive.ts';
import type { OpenWorkbook } from '../xlsx/open-workbook.ts';
import { workbookOptions } from '../xlsx/options.ts';
import { SharedStrings } from '../xlsx/shared-strings.ts';
import { openingShare } from '../xlsx/write-workbook.ts';
import { readElements, readPart } from '../xlsx/xml-part.ts';
import { OdsScanner } from './ods-scanner.ts';
import { OdsTable } from './ods-table.ts';
import { listSheets } from './sheets.ts';

const contentPart = 'content.xml';
const manifestPart = 'META-INF/manifest.xml';

/**
 * ODS to CSV, JSON and NDJSON, streamed. The document itself holds what its program showed in each
 * cell, so "formatted" is that text; nothing is computed.
 */
export const odsEngine = archiveEngine('ods-stream', ['ods'], open);

async function open(task: EngineTask, archive: Archive): Promise<OpenWorkbook> {
  await refuseEncrypted(archive);
  if (!archive.has(contentPart)) {
    throw new EngineError('document_invalid', 'The file holds no OpenDocument spreadsheet.');
  }
  const { signal } = task;
  const { values } = workbookOptions(task);
  const size = Math.max(1, archive.sizeBytes(contentPart));
  const share = (bytes: number) => Math.min(1, bytes / size);
  const sheets = await listSheets(archive, contentPart, {
    signal,
    onBytes: (bytes) => task.progress(share(bytes) * openingShare, 'sheets'),
  });
  return {
    sheets,
    cells: { strings: new SharedStrings(), styleFormats: [], date1904: false, values },
    read: async ({ part }, reader, progress) => {
      const scanner = new OdsScanner(new OdsTable(reader), Number(part), values);
      const onBytes = (bytes: number) => progress(share(bytes));
      await readPart(archive, contentPart, scanner, { signal, onBytes });
    },
  };
}

/** An encrypted part says so in the manifest (ODF 1.3 part 2, 4.8). */
async function refuseEncrypted(archive: Archive): Promise<void> {
  let encrypted = archive.has('encrypted-package');
  if (archive.has(manifestPart)) {
    await readElements(archive, manifestPart, (element) => {
      if (element === 'encryption-data') encrypted = true;
    });
  }
  if (!encrypted) return;
  throw new EngineError(
    'document_encrypted',
    'The workbook is password-protected; remove the password and try again.',
  );
}
