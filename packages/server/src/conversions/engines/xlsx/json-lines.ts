/** The white space of JSON rows, and what separates them; all of it UTF-8. */
export interface JsonLines {
  readonly beforeRow: Buffer;
  readonly betweenRows: Buffer;
  readonly beforeField: Buffer;
  readonly afterFields: Buffer;
  readonly colon: string;
}

const none = Buffer.alloc(0);

/** NDJSON: a row a line, whatever the indent. */
export const recordLines: JsonLines = {
  beforeRow: none,
  betweenRows: Buffer.from('\n'),
  beforeField: none,
  afterFields: none,
  colon: ':',
};

/** An array of rows as `JSON.stringify(rows, null, indent)` would write it, `depth` levels deep. */
export function arrayLines(indent: number, depth: number): JsonLines & { afterRows: string } {
  const line = (levels: number) => (indent === 0 ? '' : `\n${' '.repeat(indent * levels)}`);
  return {
    beforeRow: Buffer.from(line(depth + 1)),
    betweenRows: Buffer.from(`,${line(depth + 1)}`),
    beforeField: Buffer.from(line(depth + 2)),
    afterFields: Buffer.from(line(depth + 1)),
    colon: indent === 0 ? ':' : ': ',
    afterRows: line(depth),
  };
}
