import { alternativesOf, fieldsOf, objectNameOf } from '../contract/contract.ts';
import type { Schema } from '../contract/schema.ts';
import type { Kind } from '../store/kinds.ts';
import type { Transaction } from '../store/transaction.ts';
import { include, render } from './render.ts';
import { invalidRequest } from './stripe-error.ts';

type Json = Record<string, unknown>;

const depthMax = 4;

/**
 * Replaces ids in a response by the objects they name, along paths such as
 * `data.latest_invoice.payments`, and adds the fields that must be asked for.
 */
export function expand(
  tx: Transaction,
  body: Json,
  schema: Schema,
  paths: readonly string[],
): void {
  for (const path of paths) {
    const steps = path.split('.');
    if (steps.filter((step) => step !== 'data').length > depthMax) {
      throw invalidRequest(
        `You cannot expand more than ${depthMax} levels of a property: ${path}`,
        {
          code: 'property_expansion_depth_exceeded',
        },
      );
    }
    if (!isExpandable([schema], steps)) {
      throw invalidRequest(`This property cannot be expanded (${path}).`, {
        param: 'expand',
      });
    }
    expandStep(tx, body, steps);
  }
}

/** Whether the contract has an object at the end of the path that may also be an id or absent. */
function isExpandable(schemas: readonly Schema[], steps: readonly string[]): boolean {
  const [step = '', ...rest] = steps;
  for (const schema of schemas.flatMap(alternativesOf)) {
    if (typeof schema === 'object' && 'array' in schema) {
      if (isExpandable([schema.array], steps)) return true;
      continue;
    }
    const field = fieldsOf(schema)?.get(step);
    if (field === undefined) continue;
    if (rest.length > 0) {
      if (isExpandable([field.schema], rest)) return true;
      continue;
    }
    const choices = itemsOf(field.schema);
    if (field.isOptional && choices.some((choice) => typeof choice === 'object')) return true;
    if (choices.includes('string') && choices.some((choice) => objectNameOf(choice))) return true;
  }
  return false;
}

function itemsOf(schema: Schema): Schema[] {
  return alternativesOf(schema).flatMap((choice) =>
    typeof choice === 'object' && 'array' in choice ? alternativesOf(choice.array) : [choice],
  );
}

function expandStep(tx: Transaction, value: unknown, steps: readonly string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) expandStep(tx, item, steps);
    return;
  }
  const [step, ...rest] = steps;
  if (typeof value !== 'object' || value === null || step === undefined) return;
  const object = value as Json;
  const before = object[step] ?? include(tx, object, step);
  const after = Array.isArray(before)
    ? before.map((item) => expandId(tx, item))
    : expandId(tx, before);
  if (after === undefined) return;
  object[step] = after;
  expandStep(tx, after, rest);
}

/** Kinds that an id can name, by how the id begins; products and customers may have any. */
const kindsOfIds: readonly [RegExp, Kind][] = [
  [/^sub_sched_/, 'subscription_schedule'],
  [/^sub_/, 'subscription'],
  [/^cus_/, 'customer'],
  [/^in_/, 'invoice'],
  [/^ii_/, 'invoiceitem'],
  [/^pi_/, 'payment_intent'],
  [/^pm_/, 'payment_method'],
  [/^seti_/, 'setup_intent'],
  [/^ch_/, 'charge'],
  [/^price_/, 'price'],
  [/^clock_/, 'test_helpers.test_clock'],
  [/^bpc_/, 'billing_portal.configuration'],
  [/^cbtxn_/, 'customer_balance_transaction'],
  [/./, 'product'],
];

function expandId(tx: Transaction, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  for (const [pattern, kind] of kindsOfIds) {
    if (!pattern.test(value)) continue;
    const document = tx.find(kind, value);
    if (document !== undefined) return render(document);
  }
  return value;
}
