import type { Warning } from '../engine.ts';
import type { SheetOutcome } from './convert.ts';

/** What was lost or renamed, in one warning of a kind for all sheets together. */
export function warningsOf(
  outcomes: readonly SheetOutcome[],
  { encoding, skipped }: { encoding: string; skipped: number },
): Warning[] {
  const total = (count: (outcome: SheetOutcome) => number | undefined) =>
    outcomes.reduce((sum, outcome) => sum + (count(outcome) ?? 0), 0);
  const warnings: Warning[] = [];
  const warn = (count: number, code: string, detail: string) => {
    if (count > 0) warnings.push({ code, detail: `${count} ${detail}` });
  };
  warn(
    total(({ formulasWithoutValue }) => formulasWithoutValue),
    'formulas_without_value',
    'formulas have no stored result and became empty fields; open the workbook in Excel and save it.',
  );
  warn(
    skipped,
    'sheets_skipped',
    'other sheets were not converted; options.sheet names one, or "all".',
  );
  warn(
    total(({ unencodable }) => unencodable),
    'characters_replaced',
    `characters do not exist in ${encoding} and became "?".`,
  );
  warn(
    total(({ unnamedColumns }) => unnamedColumns),
    'unnamed_columns',
    'columns with values have no name; they are called column_<position>.',
  );
  warn(
    total(({ repeatedNames }) => repeatedNames),
    'duplicate_columns',
    'column names occur twice and were numbered.',
  );
  if (outcomes.some(({ padded }) => padded === false)) {
    const detail = 'The sheet is huge and nearly empty, so each record ends at its last cell.';
    warnings.push({ code: 'rows_not_padded', detail });
  }
  return warnings;
}
