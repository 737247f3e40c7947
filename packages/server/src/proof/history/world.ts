import { ManualClock } from '../../clock.ts';
import type { Context } from '../../context.ts';
import type { Pool } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';
import { newId } from '../../ids.ts';
import { createApiKey } from '../../organizations/api-keys.ts';
import { createOrganization } from '../../organizations/organizations.ts';
import { quietLog } from '../../test/server.ts';
import { modelPlans } from './limits.ts';
import type { Model, ModelJob } from './model.ts';

/** A history under way: the real database, and the model that must agree with it. */
export interface World {
  readonly db: Pool;
  readonly clock: ManualClock;
  readonly model: Model;
  readonly contexts: readonly Context[];
  /** Ids of the keys of each organization. */
  readonly keyIds: readonly (readonly string[])[];
}

const start = '2027-01-31T10:00:00.000Z';
const organizationCount = 2;
const keyCount = 2;

/** Puts the plans of the model into the catalogue; once a database. */
export async function offerModelPlans(owner: Pool): Promise<void> {
  for (const plan of modelPlans) {
    const amount = (price: number | null) => (price === null ? null : String(price / 10_000));
    const byType =
      plan.pricesByType === null
        ? null
        : JSON.stringify(
            Object.fromEntries(
              Object.entries(plan.pricesByType).map(([type, price]) => [type, amount(price)]),
            ),
          );
    const tiers =
      plan.tiers?.map(({ upTo, price }) => ({ up_to: upTo, amount: amount(price) })) ?? null;
    await owner.query(sql`INSERT INTO subscription_plans (id, name, created_at, updated_at)
      VALUES (${plan.id}, ${plan.id}, ${start}, ${start}) ON CONFLICT DO NOTHING`);
    await owner.query(sql`INSERT INTO subscription_plan_versions (plan_id, version,
        monthly_conversion_limit, concurrent_conversion_limit, max_file_size_mb,
        rate_limit_per_minute, overage_policies, created_at)
      VALUES (${plan.id}, 1, ${plan.monthlyLimit}, ${plan.concurrentLimit},
        ${plan.fileMegabytesMax}, 100, ${[...plan.policies]}, ${start}) ON CONFLICT DO NOTHING`);
    await owner.query(sql`INSERT INTO subscription_plan_prices (plan_id, version, currency,
        interval, amount_minor, overage_amount, overage_amounts_by_type, overage_tiers)
      VALUES (${plan.id}, 1, 'usd', 'month', 0, ${amount(plan.price)}, ${byType}::jsonb,
        ${tiers === null ? null : JSON.stringify(tiers)}::jsonb)
      ON CONFLICT DO NOTHING`);
  }
}

/** Two organizations of their own, each with two keys, at the end of a January. */
export async function createWorld(db: Pool): Promise<World> {
  // Claim and sweep look at all organizations: what earlier histories left must not be found.
  await db.query(sql`DELETE FROM active_conversions`);
  const clock = new ManualClock(start);
  const plan = modelPlans[0];
  if (plan === undefined) throw new Error('the model has no plans');
  const anchorMs = clock.now().getTime();
  const contexts: Context[] = [];
  const keyIds: string[][] = [];
  for (let number = 0; number < organizationCount; number++) {
    const platform = {
      db,
      clock,
      log: quietLog,
      actor: { kind: 'super_admin', id: 'operator' },
      requestId: 'req_proof',
    } as const;
    const { id } = await createOrganization(platform, { name: 'Proof', planId: plan.id });
    const ctx = { ...platform, organization: { id } };
    const keys: string[] = [];
    for (let key = 0; key < keyCount; key++) {
      keys.push((await createApiKey(ctx, { name: 'Proof', scopes: ['conversions:write'] })).id);
    }
    contexts.push(ctx);
    keyIds.push(keys);
  }
  const organizations = contexts.map((ctx) => ({
    id: ctx.organization.id,
    anchorMs,
    plan,
    override: null,
    policy: 'block' as const,
    spendCapMinor: null,
    suspended: false,
    keyLimits: Array.from({ length: keyCount }, () => null),
    period: null,
    closed: [],
  }));
  const model = { nowMs: anchorMs, queuedMax: 3, attemptsMax: 3, organizations, jobs: [] };
  return { db, clock, model, contexts, keyIds };
}

const recentJobs = 10;

/** One of the latest jobs; undefined while there are none. */
export function pickJob({ model }: World, number: number): ModelJob | undefined {
  const recent = model.jobs.slice(-recentJobs);
  return recent[number % recent.length];
}

/** Several of them, each once. */
export function pickJobs(world: World, numbers: readonly number[]): ModelJob[] {
  const jobs = numbers.map((number) => pickJob(world, number));
  return [...new Set(jobs.filter((job) => job !== undefined))];
}

/** An id for a job that is about to be asked for. */
export function newJobId(): string {
  return newId('job', Date.now());
}
