import { EngineError } from '../engine.ts';
import type { SheetEntry } from './workbook.ts';

/** A sheet that has cells. */
export interface CellSheet extends SheetEntry {
  readonly part: string;
}

export interface SheetChoice {
  /** Index from 0, a name, or `all`; the first visible sheet where undefined. */
  readonly sheet: number | string | undefined;
  readonly hiddenSheets: boolean;
}

const namesShownMax = 20;

/**
 * The sheets to convert, in the order of the tabs; at least one.
 *
 * @throws EngineError `invalid_request` that names the sheets there are, `document_invalid` for a
 * workbook without cells.
 */
export function selectSheets(
  sheets: readonly SheetEntry[],
  { sheet, hiddenSheets }: SheetChoice,
): readonly CellSheet[] {
  const withCells = sheets.filter(hasCells);
  if (withCells.length === 0) {
    throw new EngineError('document_invalid', 'The workbook has no sheet with cells.');
  }
  const visible = withCells.filter(({ visibility }) => visibility === 'visible');
  // A workbook without a visible sheet is not one that Excel saves; then every sheet counts.
  const shown = visible.length > 0 ? visible : withCells;
  if (sheet === undefined) return shown.slice(0, 1);
  const found = findSheet(sheets, sheet);
  if (found !== undefined) {
    if (hasCells(found)) return [found];
    throw new EngineError(
      'invalid_request',
      `The sheet "${found.name}" has no cells (a chart or a macro).`,
    );
  }
  if (sheet === 'all') return hiddenSheets ? withCells : shown;
  throw new EngineError('invalid_request', unknownSheet(sheets, sheet));
}

function hasCells(entry: SheetEntry): entry is CellSheet {
  return entry.part !== undefined;
}

/** By name as it is, by name without case, then by index, which forms send as text. */
function findSheet(sheets: readonly SheetEntry[], wanted: number | string): SheetEntry | undefined {
  if (typeof wanted === 'number') return sheets[wanted];
  if (wanted === 'all') return undefined;
  const lower = wanted.toLowerCase();
  return (
    sheets.find(({ name }) => name === wanted) ??
    sheets.find(({ name }) => name.toLowerCase() === lower) ??
    (/^\d{1,4}$/.test(wanted) ? sheets[Number(wanted)] : undefined)
  );
}

function unknownSheet(sheets: readonly SheetEntry[], wanted: number | string): string {
  const names = sheets.slice(0, namesShownMax).map(({ name }, index) => `${index} "${name}"`);
  const more = sheets.length > namesShownMax ? `, and ${sheets.length - namesShownMax} more` : '';
  const asked = typeof wanted === 'number' ? `index ${wanted}` : `"${wanted}"`;
  return `options.sheet: there is no sheet ${asked}; the workbook has ${names.join(', ')}${more}.`;
}
