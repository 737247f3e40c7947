import type { CellSource } from './cell-text.ts';
import type { CellSheet } from './select-sheets.ts';
import type { SheetReader } from './sheet-scanner.ts';
import type { SheetEntry } from './workbook.ts';

/** A workbook of any format, ready to be read sheet by sheet. */
export interface OpenWorkbook {
  readonly sheets: readonly SheetEntry[];
  readonly cells: CellSource;
  /**
   * Feeds one sheet to a reader; may be called again for the same sheet.
   *
   * @param progress is given the part done, 0 to 1.
   * @throws EngineError, or the signal's reason when aborted
   */
  read(sheet: CellSheet, reader: SheetReader, progress: (done: number) => void): Promise<void>;
}
