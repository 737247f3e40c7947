import { expect } from 'vitest';
import type { Queryable } from '../db/pool.ts';
import { findLimitBreaches, findViolations } from '../metering/invariants.ts';

/**
 * Fails, naming each finding, unless the ledger adds up: invariants 1, 2, 5 and 6.
 *
 * @param organizationId undefined: of every organization there is
 * @param inForceAt also that nobody is above the limits of that moment (invariants 3 and 4 as they
 *   stand); only where no limit was lowered and no policy admits past the limit
 */
export async function expectInvariants(
  db: Queryable,
  organizationId?: string,
  inForceAt?: Date,
): Promise<void> {
  const id = organizationId ?? null;
  const violations = await findViolations(db, id);
  const breaches = inForceAt === undefined ? [] : await findLimitBreaches(db, id, inForceAt);
  const lines = [...violations, ...breaches].map(
    ({ invariant, organization_id, detail }) => `${invariant} ${organization_id}: ${detail}`,
  );
  expect(lines, 'the ledger must add up').toEqual([]);
}
