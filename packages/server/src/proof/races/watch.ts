import type { Pool } from '../../db/pool.ts';
import { sql } from '../../db/sql.ts';

/**
 * Watches invariants 3 and 4 from inside: whenever units or slots are given, a trigger holds the hot
 * row against the limits of that very transaction, by its own short reading of plan and override, and
 * writes down what is above. It sees every instant, which no check from outside can.
 *
 * It knows no override that expires: races set none.
 */
export async function installWatch(owner: Pool): Promise<void> {
  for (const text of [
    `CREATE TABLE IF NOT EXISTS proof_breaches (
       organization_id text NOT NULL, invariant integer NOT NULL, detail text NOT NULL)`,
    `CREATE OR REPLACE FUNCTION proof_watch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
     DECLARE
       l record;
     BEGIN
       SELECT nullif(coalesce(s.override_monthly_limit, v.monthly_conversion_limit), -1) AS units,
         nullif(coalesce(s.override_concurrent_limit, v.concurrent_conversion_limit), -1) AS slots,
         CASE WHEN s.overage_policy = ANY (v.overage_policies) THEN s.overage_policy
              ELSE 'block' END AS policy
       INTO l
       FROM organization_subscriptions s
       JOIN subscription_plan_versions v ON v.plan_id = s.plan_id AND v.version = s.plan_version
       WHERE s.organization_id = NEW.organization_id;
       IF NEW.used + NEW.reserved > OLD.used + OLD.reserved AND l.policy = 'block'
          AND NEW.used + NEW.reserved > l.units THEN
         INSERT INTO proof_breaches VALUES (NEW.organization_id, 3,
           format('%s used and %s reserved of %s', NEW.used, NEW.reserved, l.units));
       END IF;
       IF NEW.active > OLD.active AND NEW.active > l.slots THEN
         INSERT INTO proof_breaches VALUES (NEW.organization_id, 4,
           format('%s active of %s', NEW.active, l.slots));
       END IF;
       RETURN NULL;
     END $$`,
    `CREATE OR REPLACE TRIGGER proof_watch AFTER UPDATE ON usage_counters
       FOR EACH ROW EXECUTE FUNCTION proof_watch()`,
  ]) {
    await owner.query({ text, values: [], name: '' });
  }
}

/** What was above a limit at any instant, in words. */
export async function readBreaches(owner: Pool): Promise<string[]> {
  const rows = await owner.query<{ line: string }>(
    sql`SELECT format('%s %s: %s', invariant, organization_id, detail) AS line
        FROM proof_breaches LIMIT 20`,
  );
  return rows.map((row) => row.line);
}
