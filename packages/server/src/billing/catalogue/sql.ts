import { sql, type Statement } from '../../db/sql.ts';

export interface PriceKey {
  readonly planId: string;
  readonly version: number;
  readonly currency: string;
  readonly interval: 'month' | 'year';
}

export interface PriceRow {
  readonly plan_name: string;
  readonly plan_active: boolean;
  readonly amount_minor: number;
  /** Null: not mirrored yet. */
  readonly price_id: string | null;
  readonly active: boolean | null;
}

export function findPrice(key: PriceKey): Statement {
  return sql`SELECT p.name AS plan_name, p.active AS plan_active, c.amount_minor, s.price_id,
      s.active
    FROM subscription_plan_prices c
    JOIN subscription_plans p ON p.id = c.plan_id
    LEFT JOIN stripe_prices s USING (plan_id, version, currency, interval)
    WHERE c.plan_id = ${key.planId} AND c.version = ${key.version}::integer
      AND c.currency = ${key.currency} AND c.interval = ${key.interval}`;
}

export function upsertPrice(key: PriceKey, priceId: string, active: boolean): Statement {
  return sql`INSERT INTO stripe_prices (plan_id, version, currency, interval, price_id, active)
    VALUES (${key.planId}, ${key.version}::integer, ${key.currency}, ${key.interval}, ${priceId},
      ${active})
    ON CONFLICT (plan_id, version, currency, interval) DO UPDATE SET active = EXCLUDED.active`;
}

/** Of a price at the provider: what was bought. */
export function findPlanOfPrice(priceId: string): Statement {
  return sql`SELECT plan_id AS "planId", version, currency, interval FROM stripe_prices
    WHERE price_id = ${priceId}`;
}

export interface ProductRow {
  readonly product_id: string;
  readonly name: string;
  readonly active: boolean;
}

export function findProduct(planId: string): Statement {
  return sql`SELECT product_id, name, active FROM stripe_products WHERE plan_id = ${planId}`;
}

export function upsertProduct(planId: string, row: ProductRow): Statement {
  return sql`INSERT INTO stripe_products (plan_id, product_id, name, active)
    VALUES (${planId}, ${row.product_id}, ${row.name}, ${row.active})
    ON CONFLICT (plan_id) DO UPDATE SET name = EXCLUDED.name, active = EXCLUDED.active`;
}

/** Prices of versions on sale that are not mirrored. Free costs nothing. */
export function listPricesToMirror(): Statement {
  return sql`SELECT c.plan_id AS "planId", c.version, c.currency, c.interval
    FROM subscription_plans p
    JOIN subscription_plan_prices c ON c.plan_id = p.id AND c.version = p.current_version
    LEFT JOIN stripe_prices s USING (plan_id, version, currency, interval)
    WHERE p.active AND p.id <> 'plan_free' AND NOT coalesce(s.active, false)
    ORDER BY c.plan_id, c.currency, c.interval`;
}

/** Plans on sale whose product has another name, or is archived. */
export function listProductsToCorrect(): Statement {
  return sql`SELECT p.id, p.name FROM subscription_plans p
    JOIN stripe_products d ON d.plan_id = p.id
    WHERE p.active AND (d.name <> p.name OR NOT d.active)`;
}

export function listPlansToArchive(): Statement {
  return sql`SELECT p.id, d.product_id, d.name FROM subscription_plans p
    JOIN stripe_products d ON d.plan_id = p.id AND d.active
    WHERE NOT p.active`;
}

export function listActivePrices(planId: string): Statement {
  return sql`SELECT plan_id AS "planId", version, currency, interval, price_id FROM stripe_prices
    WHERE plan_id = ${planId} AND active`;
}
