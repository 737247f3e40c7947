import type { ReactNode } from 'react';

export interface Column<T> {
  header: string;
  cell: (row: T) => ReactNode;
  isNumeric?: boolean;
  /** The header is told to screen readers only, as for a column of buttons. */
  isQuiet?: boolean;
  /** Left out on a phone. */
  isExtra?: boolean;
}

interface RowsProps<T> {
  /** What the table holds, for screen readers. */
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
}

/** A table; on a phone each row becomes a list of labelled values. */
export function Rows<T>({ caption, columns, rows, keyOf }: RowsProps<T>) {
  return (
    <table className="rows" role="table" aria-label={caption}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ header, isNumeric, isQuiet }) => (
            <th key={header} role="columnheader" data-numeric={isNumeric ? '' : undefined}>
              {isQuiet ? <span className="unseen">{header}</span> : header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={keyOf(row)}>
            {columns.map(({ header, cell, isNumeric, isQuiet, isExtra }) => (
              <td
                role="cell"
                key={header}
                data-extra={isExtra ? '' : undefined}
                data-label={isQuiet ? '' : header}
                data-numeric={isNumeric ? '' : undefined}
              >
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
