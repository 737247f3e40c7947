import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Fills a running server that bills through the simulator with some weeks of use, so that charts, bills
 * and the pages of the platform have something to show: the demo workspace buys Pro and converts the
 * examples, others come, pay, are late and leave, and the clock is moved on a day at a time.
 * `npx node scripts/demo-history.ts --url http://127.0.0.1:3000 --data data`
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:3000' },
    data: { type: 'string', default: 'data' },
    days: { type: 'string', default: '34' },
  },
});

interface Workspace {
  readonly id: string;
  readonly key: string;
  /** Conversions on an ordinary day. */
  readonly perDay: number;
}

interface Customer {
  readonly name: string;
  readonly perDay: number;
  readonly plan?: string;
  readonly currency?: string;
  readonly interval?: 'month' | 'year';
  /** The day on which something happens to it. */
  readonly leavesOn?: number;
  readonly losesCardOn?: number;
  readonly growsOn?: number;
}

const customers: readonly Customer[] = [
  { name: 'Northwind Books', perDay: 3, plan: 'plan_starter', growsOn: 20 },
  { name: 'Kestrel Analytics', perDay: 2, plan: 'plan_pro', interval: 'year' },
  { name: 'Ferme des Trois Chênes', perDay: 1, plan: 'plan_starter', currency: 'eur' },
  { name: 'Mitaka Printing', perDay: 2, plan: 'plan_starter', currency: 'jpy' },
  { name: 'Harbour & Daughters', perDay: 1, plan: 'plan_starter', losesCardOn: 10 },
  { name: 'Larkspur Clinic', perDay: 1, plan: 'plan_starter', leavesOn: 32 },
  {
    name: 'The Royal Society for the Conversion of Very Old Spreadsheets of Lower Saxony',
    perDay: 3,
  },
  { name: 'Tom', perDay: 0 },
];

const conversions = [
  ['examples/sales.xlsx', 'csv'],
  ['README.md', 'html'],
  ['examples/sales.xlsx', 'json'],
  ['examples/sales.xlsx', 'csv'],
  ['README.md', 'pdf'],
  ['examples/sales.xlsx', 'ndjson'],
] as const;

/** The same every time: a week has busy days and quiet ones. */
const busyness = [0.6, 1, 0.9, 1.2, 0.8, 0.1, 0.2];

const root = join(import.meta.dirname, '..');
const read = async (name: string) => (await readFile(join(values.data, name), 'utf8')).trim();
const [demoId = '', demoKey = ''] = (await read('demo-key')).split(' ');
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

async function convert({ id, key }: Workspace, file: string, to: string): Promise<void> {
  const form = new FormData();
  form.append('to', to);
  form.append('file', new Blob([await readFile(join(root, file))]), file.split('/').at(-1));
  await call('POST', `/v1/workspaces/${id}/conversions`, key, form).catch((error: unknown) => {
    // Who has used up Free is refused, as in life.
    if (!String(error).includes('quota_exceeded')) throw error;
  });
}

/** What somebody does on a hosted page of the simulator, then back on ours. */
async function fillIn(page: unknown, card: string): Promise<void> {
  const body = new URLSearchParams({ card });
  const sent = await fetch(String(page), { method: 'POST', redirect: 'manual', body });
  await fetch(sent.headers.get('location') ?? values.url, { redirect: 'manual' });
}

async function buy({ id, key }: Workspace, plan: string, more: Partial<Customer>): Promise<void> {
  const { currency = 'usd', interval = 'month' } = more;
  const order = { plan_id: plan, currency, interval };
  const { checkout_url: page } = await call(
    'POST',
    `/v1/workspaces/${id}/subscription`,
    key,
    order,
  );
  if (page !== null) await fillIn(page, 'visa');
}

async function arrive(customer: Customer): Promise<Workspace> {
  const { id } = await call('POST', '/v1/admin/workspaces', operator, { name: customer.name });
  const made = await call('POST', `/v1/workspaces/${String(id)}/api-keys`, operator, {
    name: 'Nightly export',
    scopes: ['conversions:write', 'conversions:read', 'billing:write', 'billing:read'],
  });
  const workspace = { id: String(id), key: String(made['key']), perDay: customer.perDay };
  if (customer.plan !== undefined) await buy(workspace, customer.plan, customer);
  return workspace;
}

async function live(workspace: Workspace, customer: Customer, day: number): Promise<void> {
  const { id, key } = workspace;
  if (day === customer.growsOn) {
    await call('POST', `/v1/workspaces/${id}/subscription`, key, { plan_id: 'plan_pro' });
  }
  if (day === customer.losesCardOn) {
    const path = `/v1/workspaces/${id}/billing/payment-method`;
    await fillIn((await call('POST', path, key, {}))['url'], 'chargeCustomerFail');
  }
  if (day === customer.leavesOn) {
    const path = `/v1/workspaces/${id}/subscription?when=now&settlement=none`;
    await call('DELETE', path, operator);
  }
  const count = Math.round(workspace.perDay * (busyness[day % 7] ?? 1) * (0.6 + day / 40));
  for (let n = 0; n < count; n += 1) {
    const [file, to] = conversions[(n + day) % conversions.length] ?? conversions[0];
    await convert(workspace, file, to);
  }
}

const clock = await call('GET', '/v1/admin/clock', operator);
let nowMs = Date.parse(String(clock['now']));
const demo: Workspace = { id: demoId, key: demoKey, perDay: 14 };
await buy({ ...demo, key: operator }, 'plan_starter', {});
await call('PATCH', `/v1/workspaces/${demoId}/billing`, operator, {
  overage_policy: 'charge',
  spend_cap_minor: 2500,
});
// So that there is something past the limit by the end of a month.
await call('PUT', `/v1/admin/workspaces/${demoId}/overrides`, operator, {
  monthly_limit: 250,
  reason: 'Smaller until March, as agreed',
});
const arrived: Workspace[] = [];
for (const customer of customers) arrived.push(await arrive(customer));
for (let day = 0; day < Number(values.days); day += 1) {
  await live(demo, { name: 'demo', perDay: demo.perDay }, day);
  for (const [index, customer] of customers.entries()) {
    const workspace = arrived[index];
    if (workspace !== undefined) await live(workspace, customer, day);
  }
  nowMs += 86_400_000;
  await call('POST', '/v1/admin/clock', operator, { advance_to: new Date(nowMs).toISOString() });
  process.stdout.write('.');
}
console.log(' done');
