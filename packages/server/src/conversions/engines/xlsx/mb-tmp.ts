import { CsvWriter } from '../csv-writer.ts';
import { compileFormat } from './format/number-format.ts';
import { numberOf } from './number-text.ts';
const opt = { delimiter: ',', newline: 'crlf', bom: false, encoding: 'utf-8', quote: 'minimal' } as const;
const csv = new CsvWriter({ write() {} }, opt);
const sc = Buffer.alloc(256); const N = 1_000_000;
const q = Buffer.from('Customer 17625, Street 39 & Sons'), p = Buffer.from('Customer 17625; Street 39 & Sons'), num = Buffer.from('41514.222561342592');
const gen = compileFormat('General', false), dt = compileFormat('yyyy-mm-dd hh:mm:ss', false), d14 = compileFormat('m/d/yy', false), m = compileFormat('#,##0.00', false), pc = compileFormat('0.00%', false);
const cases: Record<string, (i: number) => unknown> = {
  quoted: () => csv.fieldBytes(q, 0, q.length), plain: () => csv.fieldBytes(p, 0, p.length), numberOf17: () => numberOf(num, 0, num.length),
  short: () => csv.fieldBytes(num, 0, 6), text19: () => csv.field('2013-08-28 05:20:29'),
  gen: (i) => gen.writeNumber(i * 1.2345678912, sc), dt: (i) => dt.writeNumber(40000 + i * 0.001234567,sc), d14: (i) => d14.writeNumber(40000 + (i % 3000), sc), money: (i) => m.writeNumber(i * 1.37, sc), pct: (i) => pc.writeNumber((i % 1000) / 1017, sc),
};
for (let k = 0; k < 8; k++) {
  const T: string[] = [];
  for (const [name, f] of Object.entries(cases)) { const t = performance.now(); for (let i = 0; i < N; i++) { f(i); if ((i & 7) === 0) csv.endRow(); } T.push(name + ' ' + ((performance.now() - t) * 1e6 / N).toFixed(0)); }
  console.log(T.join(' | '));
}
