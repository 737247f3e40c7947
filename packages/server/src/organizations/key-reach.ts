import type { Context } from '../context.ts';
import type { Queryable } from '../db/pool.ts';
import { AppError, notFound } from '../errors.ts';
import { isWithinRanges } from './address-ranges.ts';
import type { ApiKey } from './api-key-schema.ts';
import { findApiKeyById } from './api-keys-sql.ts';

/** How long, how often and from where a key may be used. */
export interface Reach {
  /** Of a key that there is. */
  readonly id?: string;
  readonly expires_at: string | null;
  readonly monthly_limit: number | null;
  readonly allowed_ips: readonly string[] | null;
}

/**
 * A key gets no secret, of a new key or by rotating another one, that reaches further than itself.
 * Where it has a monthly limit it gets only its own: two keys with the limit would be twice the limit.
 *
 * @throws AppError `forbidden` with `wider`: the member that is
 */
export async function requireReach(tx: Queryable, ctx: Context, wanted: Reach): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== 'api_key' || actor.id === wanted.id) return;
  const [own] = await tx.query<ApiKey>(findApiKeyById(ctx.organization.id, actor.id));
  if (own === undefined) throw notFound('API key');
  const wider = widerMember(own, wanted);
  if (wider === null) return;
  throw new AppError('forbidden', `A key with ${wider} gets at no key that reaches further.`, {
    details: { wider },
  });
}

function widerMember(own: Reach, wanted: Reach): keyof Reach | null {
  if (own.monthly_limit !== null) return 'monthly_limit';
  if (own.expires_at !== null && timeOf(wanted) > timeOf(own)) return 'expires_at';
  const ranges = own.allowed_ips;
  if (ranges === null) return null;
  const isInside = wanted.allowed_ips?.every((range) => isWithinRanges(range, ranges)) ?? false;
  return isInside ? null : 'allowed_ips';
}

function timeOf({ expires_at: at }: Reach): number {
  return at === null ? Infinity : Date.parse(at);
}
