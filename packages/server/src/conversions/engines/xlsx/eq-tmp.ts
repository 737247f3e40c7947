import { compileFormat } from './format/number-format.ts';
const codes = ['General', '0', '0.00', '#,##0', '#,##0.00', '0%', '0.00%', '#,##0_);(#,##0)', '"$"#,##0.00_);[Red]\\("$"#,##0.00\\)', '#.00', '00.0', '000', '0.000000', '#', '#,###', '0.0,', '€0.00', '0.0"x"','yyyy-mm-dd hh:mm:ss.00','dddd mmmm d yy','[h]:mm:ss', '#,##0.00 [$€-407]'];
const sc = Buffer.alloc(256); let n = 0, q = 0;
for (const c of codes) { const f = compileFormat(c, false);
  for (let i = 0; i < 60000; i++) { const v = (Math.random() - 0.4) * 10 ** Math.floor(Math.random() * 14 - 4); const w = i % 3 ? v : Math.round(v * 100) / 100; const l = f.writeNumber(w, sc); n++; if (l < 0) continue; q++; const a = sc.toString('utf8', 0, l), b = f.formatNumber(w); if (a !== b) { console.log(c, w, JSON.stringify(a), JSON.stringify(b)); } } }
console.log(n, q);
