import { hash, randomBytes } from 'node:crypto';
import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { AppError, notFound } from '../errors.ts';
import { type List, type ListQuery, toList } from '../http/list.ts';
import { type Scope, scopes as allScopes } from '../http/scope.ts';
import { invalidRequest } from '../http/validation.ts';
import { newId } from '../ids.ts';
import type { ApiKey, CreateApiKey, NewApiKey, RotateApiKey } from './api-key-schema.ts';
import { requireReach } from './key-reach.ts';
import { lockOrganization } from './organizations.ts';
import {
  findApiKeyById,
  insertApiKey,
  listApiKeysOfOrganization,
  revokeApiKeyById,
  rotateApiKeyById,
} from './api-keys-sql.ts';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** What every key looks like: `mk_live_` and 256 random bits in base 62. */
export const apiKeyPattern = /^mk_live_[0-9A-Za-z]{43}$/;

function newSecret(): string {
  let value = BigInt(`0x${randomBytes(32).toString('hex')}`);
  let text = '';
  for (let index = 0; index < 43; index++) {
    text = (digits[Number(value % 62n)] ?? '0') + text;
    value /= 62n;
  }
  return `mk_live_${text}`;
}

/** SHA-256 in hexadecimal: all that is kept of a key. */
export function hashOfKey(key: string): string {
  return hash('sha256', key, 'hex');
}

/** All that a key may do unless it is told otherwise: everything but making more keys. */
const defaultScopes: readonly Scope[] = allScopes.filter((scope) => scope !== 'keys:write');

/**
 * Makes an API key of the workspace. `key`, the secret, is in this answer and nowhere else. A key
 * that makes a key hands on at most what it may do itself (key-reach.ts).
 *
 * @throws AppError `forbidden` with `required_scope`; `invalid_request` for a time that is past
 */
export async function createApiKey(ctx: Context, input: CreateApiKey): Promise<NewApiKey> {
  const asOf = ctx.clock.now();
  const expiresAt = typeof input.expires_at === 'string' ? new Date(input.expires_at) : null;
  if (expiresAt !== null && expiresAt <= asOf) {
    throw invalidRequest([{ pointer: '/body/expires_at', detail: 'must be in the future' }]);
  }
  const scopes = grantedScopes(ctx, input.scopes);
  const key = newSecret();
  return ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    await requireReach(tx, ctx, {
      expires_at: input.expires_at ?? null,
      monthly_limit: input.monthly_limit ?? null,
      allowed_ips: input.allowed_ips ?? null,
    });
    const [made] = await tx.query<ApiKey>(
      insertApiKey(
        {
          organizationId: ctx.organization.id,
          id: newId('key', asOf.getTime()),
          name: input.name,
          hash: Buffer.from(hashOfKey(key), 'hex'),
          hint: key.slice(-4),
          scopes,
          monthlyLimit: input.monthly_limit ?? null,
          allowedIps: input.allowed_ips ?? null,
          expiresAt,
          createdBy: { kind: ctx.actor.kind, id: ctx.actor.id },
        },
        asOf,
      ),
    );
    if (made === undefined) throw new Error('the insert of an API key answered no row');
    await appendAudit(tx, ctx, {
      action: 'api_key.created',
      target: { kind: 'api_key', id: made.id },
      before: null,
      after: audited(made),
    });
    return { ...made, key };
  });
}

/** Names of people do not go into the log: it keeps them when the person is gone. */
function audited({ created_by: { kind, id }, ...key }: ApiKey) {
  return { ...key, created_by: { kind, id } };
}

function grantedScopes(ctx: Context, wanted: readonly Scope[] | undefined): readonly Scope[] {
  const { actor } = ctx;
  if (actor.kind !== 'api_key') return wanted ?? defaultScopes;
  if (wanted === undefined) return defaultScopes.filter((scope) => actor.scopes.includes(scope));
  const lacking = wanted.find((scope) => !actor.scopes.includes(scope));
  if (lacking === undefined) return wanted;
  throw new AppError('forbidden', `A key cannot grant ${lacking}, which it does not have itself.`, {
    details: { required_scope: lacking },
  });
}

/** The workspace's keys that are not revoked, newest first, without their secrets. */
export async function listApiKeys(ctx: Context, page: ListQuery): Promise<List<ApiKey>> {
  const statement = listApiKeysOfOrganization(ctx.organization.id, page);
  return toList(await ctx.db.query<ApiKey>(statement), page.limit);
}

/** @throws AppError `not_found`, for a revoked key too */
export async function findApiKey(ctx: Context, id: string): Promise<ApiKey> {
  const [key] = await ctx.db.query<ApiKey>(findApiKeyById(ctx.organization.id, id));
  if (key === undefined) throw notFound('API key');
  return key;
}

/**
 * Revokes a key for good; every process refuses it within a second. Its row stays, so that usage
 * can still be told by key.
 *
 * @throws AppError `not_found`
 */
export async function revokeApiKey(
  ctx: Context,
  id: string,
): Promise<{ id: string; object: 'api_key'; deleted: true }> {
  await ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const statement = revokeApiKeyById(ctx.organization.id, id, ctx.clock.now());
    const [revoked] = await tx.query<ApiKey>(statement);
    if (revoked === undefined) throw notFound('API key');
    await appendAudit(tx, ctx, {
      action: 'api_key.revoked',
      target: { kind: 'api_key', id },
      before: audited(revoked),
      after: null,
    });
  });
  return { id, object: 'api_key', deleted: true };
}

/**
 * Gives a key another secret, which is in this answer and nowhere else. The secret before is good for
 * `expires_in` seconds more, as the same key with the same limits; of an earlier rotation nothing is.
 *
 * @throws AppError `not_found`; `forbidden` for a key that may do less than the one it rotates
 */
export async function rotateApiKey(
  ctx: Context,
  id: string,
  { expires_in: seconds }: RotateApiKey,
): Promise<NewApiKey> {
  const asOf = ctx.clock.now();
  const key = newSecret();
  return ctx.db.transaction(async (tx) => {
    await lockOrganization(tx, ctx);
    const [before] = await tx.query<ApiKey>(findApiKeyById(ctx.organization.id, id));
    if (before === undefined) throw notFound('API key');
    grantedScopes(ctx, before.scopes);
    await requireReach(tx, ctx, before);
    const secret = {
      hash: Buffer.from(hashOfKey(key), 'hex'),
      hint: key.slice(-4),
      previousExpiresAt: seconds === 0 ? null : new Date(asOf.getTime() + seconds * 1000),
    };
    const [after] = await tx.query<ApiKey>(rotateApiKeyById(ctx.organization.id, id, secret, asOf));
    if (after === undefined) throw notFound('API key');
    await appendAudit(tx, ctx, {
      action: 'api_key.rotated',
      target: { kind: 'api_key', id },
      before: { hint: before.hint },
      after: { hint: after.hint, previous: after.previous },
    });
    return { ...after, key };
  });
}
