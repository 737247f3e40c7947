import { CsvWriter } from '../csv-writer.ts';
import { Archive } from './archive.ts';
import { CellText } from './cell-text.ts';
import { readSharedStrings } from './shared-strings.ts';
import { SheetCsv } from './sheet-csv.ts';
import { SheetScanner } from './sheet-scanner.ts';
import { readStyleFormats } from './styles.ts';
import { readWorkbook } from './workbook.ts';
import { readPart } from './xml-part.ts';
import { XmlTokenizer } from './xml-tokenizer.ts';
const f = process.argv[2]!;
const opt = { delimiter: ',', newline: 'crlf', bom: false, encoding: 'utf-8', quote: 'minimal' } as const;
for (let k = 0; k < +(process.argv[3] ?? 8); k++) {
  const a = await Archive.open(f); const wb = await readWorkbook(a);
  const T: string[] = []; let t = performance.now(); const lap = (n: string) => { T.push(n + ' ' + (performance.now() - t).toFixed(0)); t = performance.now(); };
  const strings = await readSharedStrings(a, wb.sharedStringsPart); lap('strings');
  const styleFormats = await readStyleFormats(a, wb.stylesPart);
  const part = wb.sheets[0]!.part!;
  const chunks: Buffer[] = []; for await (const c of a.chunks(part)) chunks.push(c); lap('inflate+crc');
  let n = 0;
  { const tk = new XmlTokenizer(new SheetScanner({ dimension() {}, startRow() {}, cell() { n++; }, endRow() {} })); for (const c of chunks) tk.write(c); tk.end(); lap('scan'); }
  { const csv = new CsvWriter({ write() {} }, opt); const r = new SheetCsv(csv, new CellText({ strings, styleFormats, date1904: false, values: 'formatted' })); const tk = new XmlTokenizer(new SheetScanner(r)); for (const c of chunks) tk.write(c); tk.end(); r.finish(); csv.flush(); lap('scan+csv'); }
  console.log(T.join(' | '), n);
}
