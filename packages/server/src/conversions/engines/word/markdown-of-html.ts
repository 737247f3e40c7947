import TurndownService from 'turndown';

const turndown = new TurndownService({
  headingStyle: 'atx',
  codeBlockStyle: 'fenced',
  bulletListMarker: '-',
  emDelimiter: '*',
});

turndown.addRule('table', {
  filter: 'table',
  replacement: (_, node) => `\n\n${tableOf(node)}\n\n`,
});
turndown.addRule('anchor', {
  filter: (node) => node.nodeName === 'A' && !node.getAttribute('href'),
  replacement: (content) => content,
});

/** The part of the DOM that a table needs. */
interface Element {
  readonly nodeName: string;
  readonly textContent: string | null;
  readonly childNodes: ArrayLike<Element>;
}

/** HTML as CommonMark, with tables as GitHub writes them; raw HTML in the text is escaped. */
export function markdownOfHtml(html: string): string {
  return `${turndown.turndown(html).trim()}\n`;
}

/** Cells are plain text on one line: Markdown's tables hold nothing else. */
function tableOf(table: Element): string {
  const rows = descendants(table, 'TR').map((row) =>
    Array.from(row.childNodes)
      .filter(({ nodeName }) => nodeName === 'TD' || nodeName === 'TH')
      .map((cell) => cellText(cell.textContent ?? '')),
  );
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) =>
    `| ${Array.from({ length: columns }, (_, at) => cells[at] ?? '').join(' | ')} |`;
  const rule = line(Array.from({ length: columns }, () => '---'));
  return [line(head), rule, ...body.map(line)].join('\n');
}

function cellText(text: string): string {
  return turndown.escape(text.replaceAll(/\s+/gu, ' ').trim()).replaceAll('|', '\\|');
}

function descendants(node: Element, name: string): Element[] {
  return Array.from(node.childNodes).flatMap((child) =>
    child.nodeName === name ? [child] : descendants(child, name),
  );
}
