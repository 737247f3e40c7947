import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Fills the demo workspace of a running server with some weeks of use, so that charts and bills have
 * something to show: conversions of the examples, and the simulator's clock moved on a day at a time.
 * `node scripts/with-node.mjs scripts/demo-history.ts --url http://127.0.0.1:3000 --data data`
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    data: { type: 'string', default: 'data' },
    days: { type: 'string', default: '24' },
  },
});

const root = join(import.meta.dirname, '..');
const conversions = [
  ['examples/sales.xlsx', 'csv', 9],
  ['examples/sales.xlsx', 'json', 4],
  ['README.md', 'html', 5],
  ['README.md', 'pdf', 2],
  ['examples/sales.xlsx', 'ndjson', 2],
] as const;

const read = async (name: string) => (await readFile(join(values.data, name), 'utf8')).trim();
const [workspaceId = '', key = ''] = (await read('demo-key')).split(' ');
const operator = await read('admin-key');

async function call(method: string, path: string, as: string, body?: object | FormData) {
  const isForm = body instanceof FormData;
  const response = await fetch(`${values.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${as}`,
      ...(isForm || body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

async function convert(file: string, to: string): Promise<void> {
  const form = new FormData();
  form.append('to', to);
  form.append('file', new Blob([await readFile(join(root, file))]), file.split('/').at(-1));
  await call('POST', `/v1/workspaces/${workspaceId}/conversions`, key, form);
}

/** The same every time: a week has busy days and quiet ones. */
const busyness = [0.6, 1, 0.9, 1.2, 0.8, 0.1, 0.2];

const clock = await call('GET', '/v1/admin/clock', operator);
let nowMs = Date.parse(String(clock['now']));
await call('POST', `/v1/admin/workspaces/${workspaceId}/subscription`, operator, {
  plan_id: 'plan_pro',
});
for (let day = 0; day < Number(values.days); day += 1) {
  const share = (busyness[day % 7] ?? 1) * (0.6 + day / 40);
  for (const [file, to, count] of conversions) {
    for (let n = 0; n < Math.round(count * share); n += 1) await convert(file, to);
  }
  nowMs += 86_400_000;
  await call('POST', '/v1/admin/clock', operator, { advance_to: new Date(nowMs).toISOString() });
  process.stdout.write('.');
}
console.log(' done');
