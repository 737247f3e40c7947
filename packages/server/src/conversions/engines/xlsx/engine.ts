import type { EngineTask } from '../engine.ts';
import { archiveEngine } from './archive-engine.ts';
import type { Archive } from './archive.ts';
import type { OpenWorkbook } from './open-workbook.ts';
import { workbookOptions } from './options.ts';
import { readSharedStrings } from './shared-strings.ts';
import { SheetScanner } from './sheet-scanner.ts';
import { readStyleFormats } from './styles.ts';
import { readWorkbook } from './workbook.ts';
import { openingShare } from './write-workbook.ts';
import { readPart } from './xml-part.ts';

/** XLSX and XLSM to CSV, JSON and NDJSON, streamed: memory does not grow with the rows. */
export const xlsxEngine = archiveEngine('xlsx-stream', ['xlsx', 'xlsm'], open);

async function open(task: EngineTask, archive: Archive): Promise<OpenWorkbook> {
  const { signal } = task;
  const { values } = workbookOptions(task);
  const { sheets, sharedStringsPart, stylesPart, date1904 } = await readWorkbook(archive);
  const total = Math.max(1, archive.sizeBytes(sharedStringsPart ?? ''));
  const strings = await readSharedStrings(archive, sharedStringsPart, {
    signal,
    onBytes: (bytes) => task.progress(Math.min(1, bytes / total) * openingShare, 'texts'),
  });
  const styleFormats = await readStyleFormats(archive, stylesPart);
  return {
    sheets,
    cells: { strings, styleFormats, date1904, values },
    read: async ({ part }, reader, progress) => {
      const size = Math.max(1, archive.sizeBytes(part));
      const onBytes = (bytes: number) => progress(Math.min(1, bytes / size));
      await readPart(archive, part, new SheetScanner(reader), { signal, onBytes });
    },
  };
}
