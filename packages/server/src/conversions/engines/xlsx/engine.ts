import type { Engine, EngineResult, EngineTask } from '../engine.ts';
import { Archive } from './archive.ts';
import type { OpenWorkbook } from './open-workbook.ts';
import { workbookOptions, workbookPairs } from './options.ts';
import { readSharedStrings } from './shared-strings.ts';
import { SheetScanner } from './sheet-scanner.ts';
import { readStyleFormats } from './styles.ts';
import { readWorkbook } from './workbook.ts';
import { openingShare, writeWorkbook } from './write-workbook.ts';
import { readPart } from './xml-part.ts';

/** XLSX and XLSM to CSV, JSON and NDJSON, streamed: memory does not grow with the rows. */
export const xlsxEngine: Engine = {
  name: 'xlsx-stream',
  pairs: workbookPairs(['xlsx', 'xlsm']),
  timeoutMs: 300_000,
  memoryBytesMax: 512 * 1024 ** 2,
  probe: async () => ({ available: true }),
  run,
};

async function run(task: EngineTask): Promise<EngineResult> {
  const archive = await Archive.open(task.inputPath);
  try {
    return await writeWorkbook(task, await open(task, archive));
  } finally {
    archive.close();
  }
}

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
