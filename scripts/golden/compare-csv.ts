export interface Difference {
  readonly row: number;
  readonly column: number;
  readonly golden: string;
  readonly ours: string;
}

export interface CellCounts {
  /** Cells that are not blank on both sides. */
  readonly cells: number;
  readonly equal: number;
  readonly goldenIsEmpty: boolean;
  readonly firstDifference: Difference | undefined;
}

/** Too wide for its column: Excel wrote number signs in place of the value. */
const tooWide = /^#+$/;

/**
 * Compares two CSV texts cell by cell. Outer blanks, trailing empty cells and the kind of line
 * break do not count, nor does any character that the golden's one-byte encoding may have lost.
 */
export function countCells(golden: string, ours: string): CellCounts {
  const [expected, actual] = [parseCsv(golden), parseCsv(ours)];
  let [cells, equal, goldenIsEmpty] = [0, 0, true];
  let firstDifference: Difference | undefined;
  for (let row = 0; row < Math.max(expected.length, actual.length); row += 1) {
    const width = Math.max(expected[row]?.length ?? 0, actual[row]?.length ?? 0);
    for (let column = 0; column < width; column += 1) {
      const left = comparable(expected[row]?.[column] ?? '');
      const right = comparable(actual[row]?.[column] ?? '');
      if (left !== '') goldenIsEmpty = false;
      if (tooWide.test(left) || (left === '' && right === '')) continue;
      cells += 1;
      if (left === right) equal += 1;
      else firstDifference ??= { row, column, golden: left, ours: right };
    }
  }
  return { cells, equal, goldenIsEmpty, firstDifference };
}

function comparable(text: string): string {
  return text
    .trim()
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\n -~]/g, '_')
    .replaceAll(/_+/g, '_');
}

/** RFC 4180, and whatever Excel makes of a quote inside an unquoted cell. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|\r|\n|$)/gy;
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) throw new Error('A quoted cell is followed by something else.');
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',' && cell.lastIndex < text.length) continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
