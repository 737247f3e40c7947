import type { Clock } from './clock.ts';
import type { Database } from './db/pool.ts';
import type { Role } from './http/role.ts';

/** Who acts. `id` is `key_…`, a user's id, or a word for the operator and the system itself. */
export type Actor =
  | { kind: 'api_key'; id: string; scopes: readonly string[] }
  | {
      kind: 'member';
      /** The user's. */
      id: string;
      /** In the context's organization; null where there is none. */
      role: Role | null;
      /** `mem_…`; null outside of an organization. */
      memberId?: string | null;
      /** The super admin who acts as this user. */
      impersonatedBy: string | null;
      /** They are the super admin too: in no workspace less than where they are no member. */
      superAdmin?: boolean;
    }
  | { kind: 'super_admin'; id: string }
  | { kind: 'system'; id: string };

/** Whether somebody may do what the operator's key may. */
export function isOperator(actor: Actor): boolean {
  if (actor.kind === 'member') return actor.superAdmin === true;
  return actor.kind === 'super_admin' || actor.kind === 'system';
}

/** Whom a conversion is counted under, where no API key made it. */
export function memberIdOf(actor: Actor): string | null {
  return actor.kind === 'member' ? (actor.memberId ?? null) : null;
}

export interface Log {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

/** What every verb is handed first; `db` is never optional. */
export interface PlatformContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly actor: Actor;
  readonly requestId: string;
}

/** The context of a verb that works inside one organization. */
export interface Context extends PlatformContext {
  readonly organization: { readonly id: string };
}
