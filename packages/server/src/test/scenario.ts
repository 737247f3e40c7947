import type { Clock } from '../clock.ts';
import type { Context } from '../context.ts';
import type { Database, Queryable } from '../db/pool.ts';
import { sql } from '../db/sql.ts';
import { type Scope, scopes as allScopes } from '../http/scope.ts';
import { newId } from '../ids.ts';
import { admitBatch, completeBatch } from '../metering/sql.ts';
import { createApiKey } from '../organizations/api-keys.ts';
import { createOrganization } from '../organizations/organizations.ts';
import { setOverrides } from '../subscriptions/overrides.ts';
import type { SetOverridesInput } from '../subscriptions/schema.ts';
import { admitCall, completeCall } from './calls.ts';
import { quietLog } from './server.ts';

export interface Scene {
  readonly organizationId: string;
  /** `mk_live_…`, with the scopes asked for. */
  readonly apiKey: string;
  readonly apiKeyId: string;
  /** Of the conversions that are still running or waiting. */
  readonly jobIds: readonly string[];
  /** A super admin's, inside the organization: for calling verbs. */
  readonly ctx: Context;
}

export interface KeySettings {
  readonly scopes?: readonly Scope[];
  readonly monthlyLimit?: number;
  readonly allowedIps?: readonly string[];
  readonly expiresAt?: string;
}

type PlanName = 'free' | 'starter' | 'pro' | 'enterprise';
type Overrides = Partial<SetOverridesInput>;

/**
 * One line of set-up for a test.
 *
 * @example
 * const { organizationId, apiKey } = await scenario(db, clock)
 *   .organization().plan('pro').used(90).overrides({ monthly_limit: 100 }).create();
 */
export function scenario(db: Database, clock: Clock): Scenario {
  return new Scenario(db, clock);
}

class Scenario {
  readonly #db: Database;
  readonly #clock: Clock;
  #name = 'Acme';
  #planId = 'plan_free';
  #used = 0;
  #running = 0;
  #queued = 0;
  #type = 'CSV_TO_JSON';
  #overrides: Overrides | null = null;
  #policy: 'block' | 'warn' | 'charge' = 'block';
  #spendCapMinor: number | null = null;
  #suspended = false;
  #key: KeySettings = {};

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  organization(name = 'Acme'): this {
    this.#name = name;
    return this;
  }

  /** One of the seeded plans, `free` unless said otherwise; any other one by its id. */
  plan(plan: PlanName | `plan_${string}`): this {
    this.#planId = plan.startsWith('plan_') ? plan : `plan_${plan}`;
    return this;
  }

  /** Conversions counted in the current period, really admitted and completed. */
  used(count: number, type = 'CSV_TO_JSON'): this {
    this.#used = count;
    this.#type = type;
    return this;
  }

  /** Synchronous conversions that hold a unit and a slot. */
  running(count: number): this {
    this.#running = count;
    return this;
  }

  /** Asynchronous conversions that hold a unit. */
  queued(count: number): this {
    this.#queued = count;
    return this;
  }

  /** As `PUT …/overrides` takes them; set before anything is used. */
  overrides(overrides: Overrides): this {
    this.#overrides = overrides;
    return this;
  }

  overage(policy: 'block' | 'warn' | 'charge', spendCapMinor: number | null = null): this {
    this.#policy = policy;
    this.#spendCapMinor = spendCapMinor;
    return this;
  }

  /** After everything was used. */
  suspended(): this {
    this.#suspended = true;
    return this;
  }

  /** Every scope there is, unless named. */
  key(settings: KeySettings): this {
    this.#key = settings;
    return this;
  }

  async create(): Promise<Scene> {
    const platform = {
      db: this.#db,
      clock: this.#clock,
      log: quietLog,
      actor: { kind: 'super_admin', id: 'operator' },
      requestId: newId('req', this.#clock.now().getTime()),
    } as const;
    const made = await createOrganization(platform, { name: this.#name, planId: this.#planId });
    const ctx: Context = { ...platform, organization: { id: made.id } };
    const key = await createApiKey(ctx, this.#keyInput());
    await this.#arrangeBilling(made.id);
    if (this.#overrides !== null) {
      await setOverrides(ctx, { reason: 'Set by a test', ...this.#overrides });
    }
    await this.#use(made.id);
    const jobIds = [
      ...(await this.#admit(this.#db, made.id, 'sync', this.#running)),
      ...(await this.#admit(this.#db, made.id, 'async', this.#queued)),
    ];
    if (this.#suspended) await this.#suspend(made.id);
    return { organizationId: made.id, apiKey: key.key, apiKeyId: key.id, jobIds, ctx };
  }

  #keyInput(): Parameters<typeof createApiKey>[1] {
    const { scopes = allScopes, monthlyLimit, allowedIps, expiresAt } = this.#key;
    return {
      name: 'Test',
      scopes: [...scopes],
      monthly_limit: monthlyLimit,
      allowed_ips: allowedIps === undefined ? undefined : [...allowedIps],
      expires_at: expiresAt,
    };
  }

  async #arrangeBilling(organizationId: string): Promise<void> {
    await this.#db.query(sql`UPDATE organization_subscriptions
      SET overage_policy = ${this.#policy}, spend_cap_minor = ${this.#spendCapMinor}::bigint
      WHERE organization_id = ${organizationId}`);
  }

  async #suspend(organizationId: string): Promise<void> {
    await this.#db.query(sql`UPDATE organization
      SET suspended_at = ${this.#clock.now()}, suspended_reason = 'Set by a test'
      WHERE id = ${organizationId}`);
  }

  async #use(organizationId: string): Promise<void> {
    for (let left = this.#used; left > 0; left -= batchMax) {
      // One transaction, under the organization's lock: a worker may be looking for jobs.
      const rows = await this.#db.transaction(async (tx) => {
        const jobIds = await this.#admit(tx, organizationId, 'async', Math.min(left, batchMax));
        await this.#start(tx, organizationId, jobIds);
        const calls = jobIds.map((jobId) => completeCall(organizationId, jobId));
        return tx.query<{ result: string }>(completeBatch(calls, this.#clock.now()));
      });
      const odd = rows.find((row) => row.result !== 'counted');
      if (odd !== undefined) throw new Error(`scenario: a completion was ${odd.result}`);
    }
  }

  async #admit(
    db: Queryable,
    organizationId: string,
    mode: 'sync' | 'async',
    count: number,
  ): Promise<string[]> {
    if (count === 0) return [];
    const asOf = this.#clock.now();
    const jobIds = Array.from({ length: count }, () => newId('job', asOf.getTime()));
    const type = this.#type;
    const [from = '', to = ''] = type.toLowerCase().split('_to_');
    const calls = jobIds.map((jobId) =>
      admitCall(organizationId, { jobId, mode, type, from, to, leaseSeconds: 600 }),
    );
    const settings = { queuedMax: 1_000_000, attemptsMax: 3, asOf };
    const rows = await db.query<{ verdict: string }>(admitBatch(calls, settings));
    const refused = rows.find((row) => !row.verdict.startsWith('allowed'));
    if (refused !== undefined) {
      throw new Error(`scenario: the plan does not allow that many: ${refused.verdict}`);
    }
    return jobIds;
  }

  /** What claim() does, past the limit of slots: they are given back before anybody looks. */
  async #start(db: Queryable, organizationId: string, jobIds: readonly string[]): Promise<void> {
    await db.query(sql`WITH started AS (
        UPDATE active_conversions SET state = 'running',
          lease_expires_at = clock_timestamp() + interval '1 minute'
        WHERE organization_id = ${organizationId} AND job_id = ANY (${jobIds}::text[])
        RETURNING job_id
      ), processing AS (
        UPDATE jobs SET status = 'processing', started_at = created_at
        WHERE organization_id = ${organizationId} AND id IN (SELECT job_id FROM started)
      )
      UPDATE usage_counters SET active = active + n.jobs, queued = queued - n.jobs
      FROM (SELECT count(*)::integer AS jobs FROM started) n
      WHERE organization_id = ${organizationId}`);
  }
}

const batchMax = 500;
