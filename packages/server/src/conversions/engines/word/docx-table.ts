import type { Token } from 'markdown-it';

const widthTwips = 9070;

const borders = ['top', 'left', 'bottom', 'right', 'insideH', 'insideV']
  .map((side) => `<w:${side} w:val="single" w:sz="4" w:space="0" w:color="BBBBBB"/>`)
  .join('');

/** A table as wide as the text; its columns follow what is in them. */
export function tableStart(tokens: readonly Token[], at: number): string {
  let columns = 0;
  for (let next = at + 1; next < tokens.length; next += 1) {
    if (tokens[next]?.type === 'tr_close') break;
    if (tokens[next]?.type === 'th_open') columns += 1;
  }
  const width = Math.floor(widthTwips / Math.max(1, columns));
  const grid = `<w:gridCol w:w="${width}"/>`.repeat(columns);
  const isRightToLeft = tokens[at + 3]?.attrGet('dir') === 'rtl';
  return `<w:tbl><w:tblPr>${isRightToLeft ? '<w:bidiVisual/>' : ''}<w:tblW w:w="5000" w:type="pct"/>
<w:tblBorders>${borders}</w:tblBorders><w:tblLayout w:type="autofit"/></w:tblPr><w:tblGrid>${grid}</w:tblGrid>`;
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
