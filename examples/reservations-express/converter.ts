/** What the service could do before: a simple CSV (no quotes) as a table in Markdown. */
export function csvToMarkdown(csv: string): string {
  const rows = csv
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const [head = [], ...body] = rows;
  if (rows.some((row) => row.length !== head.length)) throw new Error('rows of different lengths');
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + body.map(line).join('');
}
