import { sql } from '../../db/sql.ts';
import { clearOverrides, setOverrides } from '../../subscriptions/overrides.ts';
import { assignPlan } from '../../subscriptions/subscriptions.ts';
import { reactivate, suspend } from '../../subscriptions/suspension.ts';
import { modelPlans } from './limits.ts';
import { lock, organizationOf } from './model.ts';
import type { Step } from './steps.ts';
import type { World } from './world.ts';

type SettingStep = Step & {
  do: 'override' | 'clear override' | 'plan' | 'policy' | 'key limit' | 'suspension';
};

const hourMs = 3_600_000;

/** What an operator or a workspace changes, in the database and in the model. */
export async function changeSettings(world: World, step: SettingStep): Promise<void> {
  const { db, model } = world;
  const organization = organizationOf(model, step.organization);
  const ctx = world.contexts[step.organization];
  if (ctx === undefined) return;
  switch (step.do) {
    case 'override': {
      const expiresAtMs = step.hours === null ? null : model.nowMs + step.hours * hourMs;
      const { monthlyLimit, concurrentLimit, price } = step;
      const shown = (value: number | null) => (value === -1 ? ('unlimited' as const) : value);
      await setOverrides(ctx, {
        monthly_limit: shown(monthlyLimit),
        concurrent_limit: shown(concurrentLimit),
        overage_price: price === null ? null : String(price / 10_000),
        reason: 'A step of a history',
        expires_at: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
      });
      organization.override = { monthlyLimit, concurrentLimit, price, expiresAtMs };
      break;
    }
    case 'clear override':
      await clearOverrides(ctx);
      organization.override = null;
      break;
    case 'plan': {
      const plan = modelPlans[step.plan] ?? organization.plan;
      await assignPlan(ctx, { plan_id: plan.id });
      organization.plan = plan;
      break;
    }
    case 'policy':
      await db.query(sql`UPDATE organization_subscriptions SET overage_policy = ${step.policy},
          spend_cap_minor = ${step.spendCapMinor}::bigint
        WHERE organization_id = ${organization.id}`);
      organization.policy = step.policy;
      organization.spendCapMinor = step.spendCapMinor;
      return;
    case 'key limit':
      await db.query(sql`UPDATE api_keys SET monthly_limit = ${step.limit}::bigint
        WHERE organization_id = ${organization.id}
          AND id = ${world.keyIds[step.organization]?.[step.key]}`);
      organization.keyLimits[step.key] = step.limit;
      return;
    case 'suspension':
      await (organization.suspended ? reactivate(ctx) : suspend(ctx, 'A step of a history'));
      organization.suspended = !organization.suspended;
      break;
  }
  lock(model, step.organization);
}
