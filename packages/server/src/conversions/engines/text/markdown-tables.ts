import type TurndownService from 'turndown';

/** The part of a node that we look at; the types of a browser are not at hand. */
export interface Element {
  readonly nodeName: string;
  /** 1 for an element, 3 for a text. */
  readonly nodeType: number;
  readonly parentNode: Element | null;
  readonly previousSibling: Element | null;
  readonly nextSibling: Element | null;
  readonly childNodes: ArrayLike<Element>;
  readonly textContent: string;
  /** Only elements have it. */
  getAttribute(name: string): string | null;
}

export const asElement = (node: unknown) => node as Element;
export const nameOf = (node: unknown) => asElement(node).nodeName.toUpperCase();

/** As HTML bounds it. */
const spanMax = 1000;

interface Shape {
  readonly first: Element | undefined;
  /** The columns of the widest row. */
  readonly width: number;
}

/**
 * A table with a line under its first row, which says how the columns are aligned; a line break or a
 * bar in a cell is written so. Rows are as
 * wide as they are in HTML, the first as the widest: a reader drops what is right of the first row's
 * columns.
 */
export function addTables(service: TurndownService): void {
  const shapes = new Map<Element, Shape>();
  service.addRule('cell', {
    filter: ['th', 'td'],
    replacement: (content, node) => {
      const text = content
        .trim()
        .replaceAll('|', '\\|')
        .replaceAll(/\s*\n\s*/gu, '<br>');
      return ` ${text} |${'  |'.repeat(columnsOf(asElement(node)) - 1)}`;
    },
  });
  service.addRule('row', {
    filter: 'tr',
    replacement: (content, node) => {
      const row = asElement(node);
      if (cellsOf(row).length === 0) return '';
      const cells = `\n|${content.replaceAll('\n', '')}`;
      const { first, width } = shapeAround(row, shapes);
      if (row !== first) return cells;
      const lines = alignments(row, width).map((side) => ` ${ruleOf[side]} |`);
      return `${cells}${'  |'.repeat(width - widthOf(row))}\n|${lines.join('')}`;
    },
  });
  service.addRule('section', {
    filter: ['thead', 'tbody', 'tfoot'],
    replacement: (content) => content,
  });
  service.addRule('caption', {
    filter: (node) => nameOf(node) === 'CAPTION',
    replacement: (content) => `${content.trim()}\n\n`,
  });
  service.addRule('table', {
    filter: 'table',
    replacement: (content) => `\n\n${content.trim()}\n\n`,
  });
}

type Side = 'left' | 'center' | 'right' | 'none';

const ruleOf: Readonly<Record<Side, string>> = {
  left: ':---',
  center: ':---:',
  right: '---:',
  none: '---',
};

/** Of the columns, as the first row has them. */
function alignments(row: Element, width: number): Side[] {
  const sides = cellsOf(row).flatMap((cell) => {
    const style = /text-align:\s*(left|center|right)/iu.exec(cell.getAttribute('style') ?? '')?.[1];
    const side = (style ?? cell.getAttribute('align') ?? '').toLowerCase();
    const known = side === 'left' || side === 'center' || side === 'right' ? side : 'none';
    return Array.from({ length: columnsOf(cell) }, (): Side => known);
  });
  return Array.from({ length: width }, (_, at) => sides[at] ?? 'none');
}

/** Of the table that a row is in; found once for all its rows. */
function shapeAround(row: Element, known: Map<Element, Shape>): Shape {
  let table = row;
  while (nameOf(table) !== 'TABLE' && table.parentNode !== null) table = table.parentNode;
  let shape = known.get(table);
  if (shape === undefined) {
    const rows = rowsOf(table).filter((one) => cellsOf(one).length > 0);
    const width = rows.reduce((most, one) => Math.max(most, widthOf(one)), 0);
    shape = { first: rows[0], width };
    known.set(table, shape);
  }
  return shape;
}

/** A table within a cell has rows of its own. */
function rowsOf(node: Element): Element[] {
  return Array.from(node.childNodes).flatMap((child) => {
    if (nameOf(child) === 'TR') return [child];
    return nameOf(child) === 'TABLE' ? [] : rowsOf(child);
  });
}

function cellsOf(row: Element): Element[] {
  return Array.from(row.childNodes).filter((child) => ['TH', 'TD'].includes(nameOf(child)));
}

function widthOf(row: Element): number {
  return cellsOf(row).reduce((sum, cell) => sum + columnsOf(cell), 0);
}

function columnsOf(cell: Element): number {
  const span = Number.parseInt(cell.getAttribute('colspan') ?? '1', 10);
  return span >= 1 ? Math.min(span, spanMax) : 1;
}
