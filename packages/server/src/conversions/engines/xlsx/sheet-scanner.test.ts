import { expect, test } from 'vitest';

import { SheetScanner } from './sheet-scanner.ts';
import { XmlTokenizer } from './xml-tokenizer.ts';

/** Rows and cells of a sheet as text, fed in pieces of so many bytes. */
function cellsOf(rows: string, pieceBytes: number): string[] {
  const seen: string[] = [];
  const scanner = new SheetScanner({
    dimension: (box) => void seen.push(JSON.stringify(box)),
    startRow: (row) => void seen.push(`row ${row}`),
    cell: ({ column, style, kind, hasValue, hasFormula, value }) =>
      void seen.push([column, style, kind, hasValue, hasFormula, value.toString()].join()),
    endRow: () => void seen.push('end'),
  });
  const tokenizer = new XmlTokenizer(scanner);
  const bytes = Buffer.from(
    `<worksheet><dimension ref="A1:C9"/><sheetData>${rows}</sheetData></worksheet>`,
  );
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    tokenizer.write(bytes.subarray(at, at + pieceBytes));
  }
  tokenizer.end();
  return seen;
}

/** Cells as they are usually written, and as they may be written too. */
const rows =
  '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="2" t="s"><v>3</v></c><c r="C1" s="4"/></row>' +
  '<row r="8" spans="1:9"><c r="A8" t="str"><f>A1</f><v>é &amp; _x0041_</v></c>' +
  '<c r="AB108" t="b"><v>1</v></c><c r="AC8"><v></v></c><c r="AD8"><v/></c></row>' +
  "<row r='9'><c s='7' r='A9'><v>1</v></c><c><v>2</v></c><c t=\"inlineStr\"><is><t>x</t></is></c></row>";

const expected = `{"top":0,"left":0,"bottom":8,"right":2}
row 0
0,0,0,true,false,1
1,2,1,true,false,3
2,4,0,false,false,
end
row 7
0,0,2,true,true,é & A
27,0,3,true,false,1
28,0,0,true,false,
29,0,0,true,false,
end
row 8
0,7,0,true,false,1
1,0,0,true,false,2
2,0,2,true,false,x
end`;

test('rows and cells are the same wherever the pieces of the part end', () => {
  const whole = cellsOf(rows, 1_000_000);
  expect(whole.join('\n')).toBe(expected);
  for (let size = 1; size < 120; size += 1) {
    expect([size, cellsOf(rows, size)]).toEqual([size, whole]);
  }
});
