import { isDeepStrictEqual } from 'node:util';
import { sql } from '../../db/sql.ts';
import { findViolations } from '../../metering/invariants.ts';
import { booksOf, countHeld, type Model } from './model.ts';
import type { World } from './world.ts';

/** @throws Error that shows both sides where database and model differ */
export function expectAgreement(what: string, told: unknown, expected: unknown): void {
  if (isDeepStrictEqual(told, expected)) return;
  const show = (value: unknown) => JSON.stringify(value, null, 1);
  throw new Error(`${what} differ: the database says ${show(told)}, the model ${show(expected)}`);
}

interface JobState {
  id: string;
  status: string;
  fence: number;
  held: string | null;
  overage: boolean | null;
  amount: number | null;
  reserved: number;
}

interface BooksState {
  organization: number;
  period: number;
  current: boolean;
  used: number;
  overage: number;
  accrued: number;
  reserved: number;
  overageReserved: number;
}

/** Holds the whole state of the database against the model, and the invariants too. */
export async function expectSameState(world: World): Promise<void> {
  const { db, model } = world;
  const ids = model.organizations.map((organization) => organization.id);
  for (const id of ids) {
    const violations = await findViolations(db, id);
    if (violations.length > 0) {
      throw new Error(violations.map((one) => `${one.invariant}: ${one.detail}`).join('\n'));
    }
  }
  const [row] = await db.query<{
    jobs: JobState[] | null;
    books: BooksState[] | null;
    slots: { organization: number; active: number; queued: number }[] | null;
  }>(findState(ids));
  expectAgreement('jobs', row?.jobs ?? [], jobsOf(model));
  expectAgreement('books', row?.books ?? [], booksOfAll(model));
  expectAgreement('slots', row?.slots ?? [], slotsOf(model));
}

/** Everything that the model knows too, in the model's words and in a fixed order. */
function findState(ids: readonly string[]) {
  return sql`WITH o AS (
      SELECT id, ordinality::integer - 1 AS number
      FROM unnest(${ids}::text[]) WITH ORDINALITY AS x (id, ordinality)
    ), books AS (
      SELECT o.number AS organization, extract(epoch FROM period_start) * 1000 AS period,
        true AS current, used, overage, overage_accrued * 10000 AS accrued, reserved,
        overage_reserved * 10000 AS "overageReserved"
      FROM usage_counters c JOIN o ON o.id = c.organization_id
      UNION ALL
      SELECT o.number, extract(epoch FROM period_start) * 1000, false, conversion_count,
        overage_count, overage_accrued * 10000, reserved, overage_reserved * 10000
      FROM usage_records r JOIN o ON o.id = r.organization_id
    )
    SELECT (
      SELECT json_agg(json_build_object('id', j.id, 'status', j.status, 'fence', j.fence,
        'held', a.state,
        'overage', CASE WHEN j.counted THEN j.billed_as = 'overage' END,
        'amount', e.unit_amount * 10000,
        'reserved', coalesce(a.overage_reserved * 10000, 0)) ORDER BY j.id)
      FROM jobs j JOIN o ON o.id = j.organization_id
      LEFT JOIN active_conversions a ON a.organization_id = o.id AND a.job_id = j.id
      LEFT JOIN usage_events e ON e.organization_id = o.id AND e.job_id = j.id
    ) AS jobs, (
      SELECT json_agg(b ORDER BY organization, period) FROM books b
    ) AS books, (
      SELECT json_agg(json_build_object('organization', o.number, 'active', c.active,
        'queued', c.queued) ORDER BY o.number)
      FROM usage_counters c JOIN o ON o.id = c.organization_id
    ) AS slots`;
}

function jobsOf(model: Model): JobState[] {
  return model.jobs
    .map((job) => ({
      id: job.id,
      status: job.status,
      fence: job.fence,
      held: job.held,
      overage: job.overage,
      amount: job.amount,
      reserved: job.held === null ? 0 : job.admitted.reserved,
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function booksOfAll(model: Model): BooksState[] {
  return model.organizations.flatMap((organization, number) =>
    [
      ...organization.closed.map((period) => ({ period, current: false })),
      ...(organization.period === null ? [] : [{ period: organization.period, current: true }]),
    ].map(({ period, current }) => ({
      organization: number,
      period: period.startMs,
      current,
      ...pickBooks(model, number, period.startMs),
    })),
  );
}

/** In the order of the columns above. */
function pickBooks(model: Model, number: number, startMs: number) {
  const { used, overage, accrued, reserved, overageReserved } = booksOf(model, number, startMs);
  return { used, overage, accrued, reserved, overageReserved };
}

function slotsOf(model: Model) {
  return model.organizations.flatMap((organization, number) =>
    organization.period === null
      ? []
      : [
          {
            organization: number,
            active: countHeld(model, number, 'running'),
            queued: countHeld(model, number, 'queued'),
          },
        ],
  );
}
