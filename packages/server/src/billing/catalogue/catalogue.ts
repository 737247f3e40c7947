import type { Queryable } from '../../db/pool.ts';
import { findInstallation } from '../provider/account.ts';
import {
  findPlanOfPrice,
  findPrice,
  findProduct,
  listActivePrices,
  listPlansToArchive,
  listPricesToMirror,
  listProductsToCorrect,
  type PriceKey,
  type PriceRow,
  type ProductRow,
  upsertPrice,
  upsertProduct,
} from './sql.ts';
import type { BillingDeps } from '../deps.ts';

export type { PriceKey } from './sql.ts';

/**
 * The provider's price of a plan's version, made where there is none. A price is never edited: what
 * it costs follows from plan, version, currency and interval. Safe to repeat and from any number of
 * processes: the price is found again by its lookup key.
 *
 * @returns the provider's id
 */
export async function ensurePrice(deps: BillingDeps, key: PriceKey): Promise<string> {
  const [row] = await deps.db.query<PriceRow>(findPrice(key));
  if (row === undefined) {
    throw new Error(
      `${key.planId} has in version ${key.version} no price by the ${key.interval} in ${key.currency}`,
    );
  }
  if (row.price_id !== null && row.active === true) return row.price_id;
  await deps.verifyAccount();
  const product = await ensureProduct(deps, key.planId, row.plan_name);
  const price = await findOrMakePrice(deps, key, row, product);
  await deps.db.query(upsertPrice(key, price, true));
  return price;
}

async function findOrMakePrice(
  deps: BillingDeps,
  key: PriceKey,
  row: PriceRow,
  product: string,
): Promise<string> {
  const { prices } = deps.stripe;
  const name = await nameOf(deps, key);
  const { data } = await prices.list({ lookup_keys: [name], limit: 1 });
  const [found] = data;
  if (found !== undefined) {
    if (!found.active) await prices.update(found.id, { active: true });
    return found.id;
  }
  const metadata = { plan_id: key.planId, version: key.version };
  const recurring = { interval: key.interval };
  const made = await prices.create(
    {
      product,
      currency: key.currency,
      unit_amount: row.amount_minor,
      recurring,
      lookup_key: name,
      metadata,
    },
    { idempotencyKey: `price ${name}` },
  );
  return made.id;
}

async function nameOf(deps: BillingDeps, key: PriceKey): Promise<string> {
  const installation = await findInstallation(deps.db);
  return [installation, key.planId, `v${key.version}`, key.currency, key.interval].join('-');
}

/** A plan is a product; its name follows the plan's. */
async function ensureProduct(deps: BillingDeps, planId: string, name: string): Promise<string> {
  const { products } = deps.stripe;
  const [kept] = await deps.db.query<ProductRow>(findProduct(planId));
  if (kept === undefined) {
    const installation = await findInstallation(deps.db);
    // The name is not in it: it may change before a repeat, which must be the very same request.
    const { id } = await products.create(
      { name: planId, metadata: { plan_id: planId } },
      { idempotencyKey: `product ${installation} ${planId}` },
    );
    await deps.db.query(upsertProduct(planId, { product_id: id, name: planId, active: true }));
    return ensureProduct(deps, planId, name);
  }
  if (kept.name !== name || !kept.active) {
    await products.update(kept.product_id, { name, active: true });
    await deps.db.query(upsertProduct(planId, { ...kept, name, active: true }));
  }
  return kept.product_id;
}

/**
 * Mirrors the catalogue: every price on sale is there, archived plans are archived. At start and
 * after each change of a plan; what is in order costs three reads and no request.
 */
export async function syncCatalogue(deps: BillingDeps): Promise<void> {
  for (const key of await deps.db.query<PriceKey>(listPricesToMirror())) {
    await ensurePrice(deps, key);
  }
  const plans = await deps.db.query<{ id: string; name: string }>(listProductsToCorrect());
  for (const { id, name } of plans) await ensureProduct(deps, id, name);
  const archived = await deps.db.query<{ id: string } & ProductRow>(listPlansToArchive());
  for (const plan of archived) await archive(deps, plan);
}

/** Nobody new can buy it; who has it keeps it. */
async function archive(deps: BillingDeps, plan: { id: string } & ProductRow): Promise<void> {
  await deps.verifyAccount();
  const prices = await deps.db.query<PriceKey & { price_id: string }>(listActivePrices(plan.id));
  for (const { price_id: priceId, ...key } of prices) {
    await deps.stripe.prices.update(priceId, { active: false });
    await deps.db.query(upsertPrice(key, priceId, false));
  }
  await deps.stripe.products.update(plan.product_id, { active: false });
  await deps.db.query(upsertProduct(plan.id, { ...plan, active: false }));
}

/** What a price of the provider sells; null: it is none of ours. */
export async function findWhatIsSold(db: Queryable, priceId: string): Promise<PriceKey | null> {
  const [row] = await db.query<PriceKey>(findPlanOfPrice(priceId));
  return row ?? null;
}
