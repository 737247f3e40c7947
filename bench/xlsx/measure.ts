import { contenders } from './contenders.ts';

/** `npx node bench/xlsx/measure.ts CONTENDER INPUT OUTPUT` prints what one run took, as JSON. */
const [name = '', input = '', output = ''] = process.argv.slice(2);
const contender = contenders[name];
if (contender === undefined) throw new Error(`unknown contender: ${name}`);

const cpuBefore = process.cpuUsage();
const startMs = performance.now();
await contender(input, output);
const wallMs = performance.now() - startMs;
const { user, system } = process.cpuUsage(cpuBefore);
const rssMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000, rssMb }));
