import { expect, test } from 'vitest';
import { contract, fieldsOf, resolve } from '../contract/contract.ts';
import type { Schema } from '../contract/schema.ts';
import { seededRandom } from '../control/random.ts';
import { allRoutes } from '../resources/all.ts';
import { simulate, type Simulated } from '../test/simulated.ts';

/**
 * Every call that is played, with parameters drawn from its own contract: right ones, wrong ones, ids
 * of other things. Whatever comes, the answer is Stripe's: never a 500, so never a response that the
 * contract refuses, and never a mistake of our own.
 */

type Random = () => number;

const words = ['', 'now', 'unchanged', 'usd', 'jpy', 'eur', 'month', '0', '-1', '1.5', 'true', 'x'];

function pick<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items[Math.floor(random() * items.length)];
}

class Drawer {
  readonly #random: Random;
  readonly #ids: readonly string[];

  constructor(random: Random, ids: readonly string[]) {
    this.#random = random;
    this.#ids = ids;
  }

  /** `name=value` pairs for the parameters a route plays, and now and then for one it does not. */
  form(schema: Schema, plays: readonly string[]): URLSearchParams {
    const form = new URLSearchParams();
    for (const [name, field] of fieldsOf(resolve(schema)) ?? []) {
      const isPlayed = plays.some((one) => one.split('.')[0] === name);
      const chance = field.isOptional ? (isPlayed ? 0.35 : 0.01) : 0.95;
      if (this.#random() < chance) this.#draw(form, name, field.schema);
    }
    return form;
  }

  #draw(form: URLSearchParams, name: string, schema: Schema): void {
    const resolved = resolve(schema);
    if (typeof resolved !== 'string') {
      if ('any' in resolved) {
        this.#draw(form, name, pick(this.#random, resolved.any) ?? 'string');
        return;
      }
      if ('fields' in resolved) {
        for (const [field, { schema: inner, isOptional }] of fieldsOf(resolved) ?? []) {
          const chance = isOptional ? 0.3 : 0.95;
          if (this.#random() < chance) this.#draw(form, `${name}[${field}]`, inner);
        }
        return;
      }
      if ('array' in resolved) {
        const count = Math.floor(this.#random() * 3);
        for (let index = 0; index < count; index += 1) {
          this.#draw(form, `${name}[${index}]`, resolved.array);
        }
        return;
      }
      if ('map' in resolved) {
        this.#draw(form, `${name}[${pick(this.#random, words)}k]`, resolved.map);
        return;
      }
    }
    form.append(name, this.#text(resolved));
  }

  #text(schema: Schema): string {
    if (this.#random() < 0.05) return pick(this.#random, words) ?? '';
    if (typeof schema === 'object' && 'enum' in schema)
      return pick(this.#random, schema.enum) ?? '';
    if (schema === 'boolean') return String(this.#random() < 0.5);
    if (schema === 'number' || schema === 'decimal') {
      return String(Math.floor(this.#random() * 10 ** Math.floor(this.#random() * 12)));
    }
    return pick(this.#random, this.#random() < 0.8 ? this.#ids : words) ?? '';
  }
}

/** Ids of everything there is, so that most of what a call names exists. */
async function idsOf(sim: Simulated): Promise<string[]> {
  const kinds = [
    'customer',
    'price',
    'product',
    'subscription',
    'invoice',
    'invoiceitem',
    'payment_method',
    'payment_intent',
    'charge',
    'subscription_schedule',
    'setup_intent',
    'checkout.session',
    'credit_note',
  ] as const;
  return sim.simulator.run((tx) => [
    ...kinds.flatMap((kind) => [...tx.scan(kind)].slice(-4).map((document) => document.id)),
    ...[...tx.scan('subscription')].flatMap((one) => one.items.data.map((item) => item.id)),
    'pm_card_visa',
    'usd',
  ]);
}

async function populate(sim: Simulated): Promise<void> {
  const customer = await sim.customer();
  const price = await sim.price(1900, { currency_options: { eur: { unit_amount: 1800 } } });
  await sim.price(9900);
  await sim.price(19_000, { interval: 'year' });
  for (let index = 0; index < 3; index += 1) {
    await sim.stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: price.id }],
    });
  }
}

const prefixes: Readonly<Record<string, string>> = {
  checkout: 'cs_',
  charges: 'ch_',
  credit_notes: 'cn_',
  customers: 'cus_',
  invoiceitems: 'ii_',
  invoices: 'in_',
  payment_intents: 'pi_',
  payment_methods: 'pm_',
  prices: 'price_',
  products: 'prod_',
  setup_intents: 'seti_',
  subscription_schedules: 'sub_sched_',
  subscriptions: 'sub_',
};

const calls = 1500;

test('whatever a call is given, the answer is one of Stripe’s', async () => {
  const failures: string[] = [];
  const sim = await simulate({ log: (line) => failures.push(line) });
  const random = seededRandom(4711);
  const statuses = new Map<number, number>();
  await populate(sim);
  let ids = await idsOf(sim);
  for (let index = 0; index < calls; index += 1) {
    const { operation, plays } = pick(random, allRoutes) ?? { operation: '', plays: [] };
    const [verb = '', pattern = ''] = operation.split(' ');
    const prefix = prefixes[pattern.split('/')[2] ?? ''] ?? '';
    const own = ids.filter((id) => id.startsWith(prefix));
    const path = pattern.replaceAll('{}', () => pick(random, own.length > 0 ? own : ids) ?? '');
    const schema = contract.operations[operation]?.params ?? { fields: {} };
    const form = new Drawer(random, ids).form(schema, plays);
    const response = await fetch(
      `${sim.simulator.url}${path}${verb === 'POST' ? '' : `?${form.toString()}`}`,
      {
        method: verb,
        headers: { authorization: 'Bearer sk_test_x' },
        ...(verb === 'POST' ? { body: form } : {}),
      },
    );
    await response.arrayBuffer();
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    if (response.status >= 500) failures.push(`${operation} ${path} ${form.toString()}`);
    if (index % 50 === 49) {
      await sim.simulator.advanceTo(sim.simulator.now() + Math.floor(random() * 20 * 86_400));
      ids = await idsOf(sim);
    }
  }
  expect(failures).toEqual([]);
  expect(statuses.get(200)).toBeGreaterThan(calls / 10);
  await sim.stop();
}, 180_000);
