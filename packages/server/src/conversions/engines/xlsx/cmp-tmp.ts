import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { CsvWriter } from '../csv-writer.ts';
import { Archive } from './archive.ts';
import { CellText } from './cell-text.ts';
import { readSharedStrings } from './shared-strings.ts';
import { SheetCsv } from './sheet-csv.ts';
import { SheetScanner } from './sheet-scanner.ts';
import { readStyleFormats } from './styles.ts';
import { readWorkbook } from './workbook.ts';
import { readPart } from './xml-part.ts';
const dir = '/work/shared/data/xlsx-golden/';
const dims = process.argv.includes('--dims');
const m = JSON.parse(readFileSync(dir + 'manifest.json', 'utf8'));
let sheets = 0, ok = 0, cells = 0, okc = 0;
for (const w of m) {
  if (w.exception && !process.argv.includes('--all')) continue;
  try {
    const a = await Archive.open(dir + w.file);
    const wb = await readWorkbook(a);
    const strings = await readSharedStrings(a, wb.sharedStringsPart);
    const styleFormats = await readStyleFormats(a, wb.stylesPart);
    for (const [i, g] of Object.entries<string>(w.sheets)) {
      const sh = wb.sheets[Number(i)];
      const gold = readFileSync(dir + g, 'latin1');
      const pieces: Buffer[] = [];
      const csv = new CsvWriter({ write: (b) => void pieces.push(Buffer.from(b)) }, { delimiter: ',', newline: 'crlf', bom: false, encoding: 'utf-8', quote: 'minimal' });
      const texts = new CellText({ strings, styleFormats, date1904: wb.date1904, values: 'formatted' });
      let sc = new SheetCsv(csv, texts); let shape: any; let cc=csv;
      if (sh?.part) { await readPart(a, sh.part, new SheetScanner(sc)); shape = sc.finish();
        if (!shape.fits) { pieces.length = 0; cc = new CsvWriter({ write: (b) => void pieces.push(Buffer.from(b)) }, { delimiter: ',', newline: 'crlf', bom: false, encoding: 'utf-8', quote: 'minimal' });
          sc = new SheetCsv(cc, texts, shape); await readPart(a, sh.part, new SheetScanner(sc)); const s2 = sc.finish(); if (!s2.fits) console.log('STILL', w.file, i, shape, s2); } 
      cc.flush(); if (!shape.values) pieces.length = 0; if(process.argv.includes('--fit') && !shape.fits) console.log('2nd', w.file, i, shape.used); }
      const mine = Buffer.concat(pieces).toString('utf8'); const gw=gold;
      const G: string[][] = parse(gold, { relax_column_count: true, relax_quotes: true });
      const M: string[][] = parse(mine, { relax_column_count: true });
      if (dims) console.log(w.file, i, 'golden', G.length + 'x' + [...new Set(G.map((r) => r.length))].join('/'), 'mine', M.length + 'x' + Math.max(0, ...M.map((r) => r.length)), JSON.stringify(gold.slice(0, 30)), JSON.stringify(mine.slice(0,30)));
      if (gold.trim() === '') continue;
      sheets++; let bad = 0;
      const R = Math.max(G.length, M.length);
      for (let r = 0; r < R; r++) for (let c = 0; c < Math.max(G[r]?.length ?? 0, M[r]?.length ?? 0); c++) {
        const x = (G[r]?.[c] ?? '').replaceAll('\r\n','\n').replaceAll('\r','\n').trim(), y = (M[r]?.[c] ?? '').trim();
        if (x === '' && y === '') continue;
        if (/^#+$/.test(x)) continue;
        cells++;
        if (x === y || x === y.replace(/[^\0-\x7f]/g, '_') || x.replace(/[^\0-\x7f]+/g, '_') === y.replace(/[^\0-\x7f]+/g, '_') || x.replace(/[^\0-\x7f_]/g,'_')===y.replace(/[^\0-\x7f]/g,'_')) okc++; else { if (bad++ < (process.argv.includes("--more")?50:3) && !dims) console.log(w.file, i, r, c, JSON.stringify(x.slice(0, 80)), JSON.stringify(y.slice(0, 80))); }
      }
      if (!bad) ok++; else if (!dims) console.log('   ', w.file, i, 'bad', bad);
    }
    a.close();
  } catch (e) { console.log(w.file, (e as Error).stack?.split('\n').slice(0,3).join('|')); }
}
console.log({ sheets, ok, cells, okc, s: ok / sheets, c: okc / cells });
