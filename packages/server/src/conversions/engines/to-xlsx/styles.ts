/** Indexes into `cellXfs` of the part below. */
export const generalStyle = 0;
export const headerStyle = 1;
/** A text that stays one when its cell is edited. */
export const guardedStyle = 2;
export const dateStyle = 3;
const spacedTimeStyle = 4;
const isoTimeStyle = 5;
const firstDecimalStyle = 6;
export const decimalsMax = 14;

/** Of a number that is shown with so many decimals. */
export function decimalStyle(decimals: number): number {
  return firstDecimalStyle + decimals;
}

export function dateTimeStyle(separator: string): number {
  return separator === 'T' ? isoTimeStyle : spacedTimeStyle;
}

const codes = [
  'yyyy\\-mm\\-dd',
  'yyyy\\-mm\\-dd\\ hh:mm:ss',
  'yyyy\\-mm\\-dd\\Thh:mm:ss',
  ...Array.from({ length: decimalsMax + 1 }, (_, decimals) =>
    decimals === 0 ? '0' : `0.${'0'.repeat(decimals)}`,
  ),
];
/** The first number that a file may give to a format of its own. */
const customFormat = 164;
const textFormat = 49;

const xf = (format: number, rest = '') =>
  `<xf numFmtId="${format}" fontId="0" fillId="0" borderId="0" xfId="0"${rest}/>`;

export const stylesXml =
  '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' +
  `<numFmts count="${codes.length}">` +
  codes
    .map((code, index) => `<numFmt numFmtId="${customFormat + index}" formatCode="${code}"/>`)
    .join('') +
  '</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>' +
  '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>' +
  '<fills count="2"><fill><patternFill patternType="none"/></fill>' +
  '<fill><patternFill patternType="gray125"/></fill></fills>' +
  '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
  `<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
  `<cellXfs count="${firstDecimalStyle + decimalsMax + 1}">` +
  xf(0) +
  xf(textFormat, ' applyNumberFormat="1"').replace('fontId="0"', 'fontId="1" applyFont="1"') +
  xf(textFormat, ' quotePrefix="1" applyNumberFormat="1"') +
  codes.map((_, index) => xf(customFormat + index, ' applyNumberFormat="1"')).join('') +
  '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>' +
  '</styleSheet>';
