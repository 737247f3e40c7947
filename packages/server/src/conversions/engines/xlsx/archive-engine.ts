import type { Engine, EngineTask, Format } from '../engine.ts';
import { Archive } from './archive.ts';
import type { OpenWorkbook } from './open-workbook.ts';
import { workbookPairs } from './options.ts';
import { writeWorkbook } from './write-workbook.ts';

/** A reader of workbooks that are archives of XML: streamed, so that memory does not grow with the rows. */
export function archiveEngine(
  name: string,
  sources: readonly Format[],
  open: (task: EngineTask, archive: Archive) => Promise<OpenWorkbook>,
): Engine {
  return {
    name,
    pairs: workbookPairs(sources),
    timeoutMs: 300_000,
    memoryBytesMax: 512 * 1024 ** 2,
    probe: async () => ({ available: true }),
    run: async (task) => {
      const archive = await Archive.open(task.inputPath);
      try {
        return await writeWorkbook(task, await open(task, archive));
      } finally {
        await archive.close();
      }
    },
  };
}
