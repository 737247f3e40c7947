import type { Token } from 'markdown-it';

const widthTwips = 9070;
/** Letters that a column is made for, at least and at most. */
const lettersMin = 6;
const lettersMax = 50;
const padding = 3;

const borders = ['top', 'left', 'bottom', 'right', 'insideH', 'insideV']
  .map((side) => `<w:${side} w:val="single" w:sz="4" w:space="0" w:color="BBBBBB"/>`)
  .join('');

/** A table as wide as the text, its columns by the longest text in each. */
export function tableStart(tokens: readonly Token[], at: number): string {
  const widths = widthsOf(tokens, at);
  const grid = widths.map((width) => `<w:gridCol w:w="${width}"/>`).join('');
  const isRightToLeft = tokens[at + 3]?.attrGet('dir') === 'rtl';
  return `<w:tbl><w:tblPr>${isRightToLeft ? '<w:bidiVisual/>' : ''}<w:tblW w:w="5000" w:type="pct"/>
<w:tblBorders>${borders}</w:tblBorders><w:tblLayout w:type="autofit"/></w:tblPr><w:tblGrid>${grid}</w:tblGrid>`;
}

function widthsOf(tokens: readonly Token[], at: number): number[] {
  const letters: number[] = [];
  let column = 0;
  for (let next = at + 1; next < tokens.length; next += 1) {
    const token = tokens[next];
    if (token?.type === 'table_close') break;
    if (token?.type === 'tr_open') column = 0;
    if (token?.type !== 'inline') continue;
    const lines = token.content.split(/<br ?\/?>/iu);
    const most = lines.reduce((longest, { length }) => Math.max(longest, length), lettersMin);
    const longest = Math.min(lettersMax, most + padding);
    letters[column] = Math.max(letters[column] ?? lettersMin, longest);
    column += 1;
  }
  const all = letters.reduce((sum, one) => sum + one, 0);
  return letters.map((one) => Math.floor((widthTwips * one) / Math.max(1, all)));
}

/** The room below. */
export const tableEnd =
  '</w:tbl><w:p><w:pPr><w:spacing w:after="0" w:line="140" w:lineRule="exact"/></w:pPr></w:p>';

export function tableCell(token: Token): { start: string; align: string } {
  const shade =
    token.type === 'th_open' ? '<w:shd w:val="clear" w:color="auto" w:fill="F2F2F2"/>' : '';
  const [, side] =
    /text-align:(left|center|right)/u.exec(String(token.attrGet('style') ?? '')) ?? [];
  return {
    start: `<w:tc><w:tcPr>${shade}</w:tcPr>`,
    align: side === undefined ? '' : `<w:jc w:val="${side}"/>`,
  };
}
