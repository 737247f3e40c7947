import { createHash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Database } from '../../db/pool.ts';
import { AppError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import {
  claimKey,
  deleteKey,
  deleteOldKeys,
  findChangeByRequests,
  findKey,
  releaseKey,
  renewKey,
  settleKey,
  storeReply,
} from './sql.ts';
import type { KeyRow } from './sql.ts';

/** A reply as it is kept: only headers that belong to the answer, not to the request. */
export interface StoredReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The request is the first with its key, or took over one whose server is gone. */
export interface FreshClaim {
  readonly kind: 'fresh';
  /** Use it for what the request makes: a repeat after a crash gets the same one. */
  readonly jobId: string;
  /** True: the job may exist already; rebuild the reply from it. */
  readonly takenOver: boolean;
  /**
   * What an earlier request with the key did before its answer was lost; null: nothing, as far as
   * the audit log tells. A change and its audit entry are one transaction.
   */
  findEarlierChange(): Promise<EarlierChange | null>;
  /**
   * Binds the key to a request, once its body was read and before it has any effect.
   *
   * @throws AppError `idempotency_mismatch`: an earlier try had another fingerprint;
   *   `idempotency_in_progress`: the claim lapsed and somebody else has it now
   */
  settle(fingerprint: string): Promise<void>;
  /** Keeps the reply for 24 h. Nothing happens where the claim was lost or is over. */
  finish(reply: StoredReply): Promise<void>;
  /** Forgets the key: the request had no effect. */
  drop(): Promise<void>;
  /** Gives the claim back with its job id: the request may have had an effect. */
  release(): Promise<void>;
}

export interface EarlierChange {
  readonly target_kind: string;
  readonly target_id: string;
  readonly request_id: string;
}

/** The request was answered before. */
export interface StoredClaim {
  readonly kind: 'stored';
  readonly jobId: string;
  /** @throws AppError `idempotency_mismatch` where the stored reply is to another request */
  replay(fingerprint: string): StoredReply;
}

export type Claim = FreshClaim | StoredClaim;

export interface Idempotency {
  /**
   * Claims a key at the request's headers. The lease of 60 s is renewed until the claim is over.
   *
   * @param organizationId the workspace, or `platform` for the operator's routes
   * @param route method and path; another one under the same key is refused
   * @param requestId the request that asks
   * @throws AppError `idempotency_in_progress`, `idempotency_mismatch`
   */
  claim(organizationId: string, key: string, route: string, requestId: string): Promise<Claim>;
  /** Deletes what is older than a day; answers how many. */
  purge(): Promise<number>;
  /** Ends the renewing; what is still claimed lapses by itself. */
  close(): void;
}

const renewEveryMs = 20_000;
const purgeRowsMax = 5_000;

/** The key of a request. @throws AppError `invalid_request` */
export function parseIdempotencyKey(header: string | string[]): string {
  if (typeof header === 'string' && /^[\x20-\x7e]{1,255}$/.test(header)) return header;
  const detail = 'must be 1 to 255 printable ASCII characters';
  throw new AppError('invalid_request', `The header Idempotency-Key ${detail}.`, {
    details: { errors: [{ pointer: '/headers/idempotency-key', detail }] },
  });
}

/** SHA-256 of what makes two requests the same; the parts cannot run into one another. */
export function fingerprintOf(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}

/** JSON with sorted names: two texts of the same value are the same request. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_, member: unknown) => {
      if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
      return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? ''
  );
}

class HeldClaim implements FreshClaim {
  readonly kind = 'fresh';
  readonly jobId: string;
  readonly takenOver: boolean;
  readonly #db: Database;
  readonly #held: { organizationId: string; key: string; lease: string };
  readonly #onOver: (claim: HeldClaim) => void;
  readonly #earlierRequestIds: readonly string[];
  #fingerprint: string | null = null;
  #isOver = false;
  /** Statements on one claim run one after the other: each needs the lease as it then is. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    db: Database,
    held: { organizationId: string; key: string; row: KeyRow; takenOver: boolean },
    onOver: (claim: HeldClaim) => void,
  ) {
    this.#db = db;
    this.jobId = held.row.job_id;
    this.takenOver = held.takenOver;
    this.#earlierRequestIds = held.row.request_ids.slice(0, -1);
    this.#held = {
      organizationId: held.organizationId,
      key: held.key,
      lease: held.row.lease_expires_at,
    };
    this.#onOver = onOver;
  }

  async findEarlierChange(): Promise<EarlierChange | null> {
    if (this.#earlierRequestIds.length === 0) return null;
    const statement = findChangeByRequests(this.#earlierRequestIds);
    const [change] = await this.#db.query<EarlierChange>(statement);
    return change ?? null;
  }

  async settle(fingerprint: string): Promise<void> {
    this.#fingerprint = fingerprint;
    const rows = await this.#inTurn(() => this.#db.query(settleKey(this.#held, fingerprint)));
    if (rows.length > 0) return;
    const { organizationId, key } = this.#held;
    const [row] = await this.#db.query<KeyRow>(findKey(organizationId, key));
    const isOther =
      row !== undefined && row.fingerprint !== null && row.fingerprint !== fingerprint;
    throw isOther ? mismatch() : inProgress();
  }

  finish(reply: StoredReply): Promise<void> {
    return this.#end(() => this.#db.query(storeReply(this.#held, this.#fingerprint, reply)));
  }

  drop(): Promise<void> {
    return this.#end(() => this.#db.query(deleteKey(this.#held)));
  }

  release(): Promise<void> {
    return this.#end(() => this.#db.query(releaseKey(this.#held)));
  }

  /** Failing to renew is no error: the claim lapses, and its statements then change nothing. */
  async renew(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#isOver) return;
      const [row] = await this.#db.query<{ lease_expires_at: string }>(renewKey(this.#held));
      if (row !== undefined) this.#held.lease = row.lease_expires_at;
    }).catch(() => undefined);
  }

  async #end(work: () => Promise<unknown>): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver(this);
    await this.#inTurn(work);
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Idempotency keys in PostgreSQL: what holds for one server holds for all of them. */
export function createIdempotency(db: Database, clock: Clock): Idempotency {
  const running = new Set<HeldClaim>();
  const timer = setInterval(() => {
    for (const claim of running) void claim.renew();
  }, renewEveryMs);
  timer.unref();
  return {
    async claim(organizationId, key, route, requestId) {
      const jobId = newId('job', clock.now().getTime());
      const [row] = await db.query<KeyRow>(
        claimKey({ organizationId, key, route, jobId, requestId }),
      );
      if (row === undefined) return answeredClaim(db, { organizationId, key, route });
      const takenOver = row.job_id !== jobId;
      const claim = new HeldClaim(db, { organizationId, key, row, takenOver }, (over) => {
        running.delete(over);
      });
      running.add(claim);
      return claim;
    },
    async purge() {
      let count = 0;
      for (let deleted = purgeRowsMax; deleted === purgeRowsMax; count += deleted) {
        deleted = (await db.query(deleteOldKeys(purgeRowsMax))).length;
      }
      return count;
    },
    close: () => clearInterval(timer),
  };
}

async function answeredClaim(
  db: Database,
  { organizationId, key, route }: { organizationId: string; key: string; route: string },
): Promise<StoredClaim> {
  const [row] = await db.query<KeyRow>(findKey(organizationId, key));
  // Dropped between the two statements: the next try will find it free.
  if (row === undefined) throw inProgress();
  if (row.route !== route) throw mismatch();
  const { response_status: status, response_headers: headers, response_body: body } = row;
  if (status === null) throw inProgress();
  return {
    kind: 'stored',
    jobId: row.job_id,
    replay(fingerprint) {
      if (row.fingerprint !== fingerprint) throw mismatch();
      return { status, headers: headers ?? {}, body: body ?? '' };
    },
  };
}

/** For a request whose first try still runs, here or elsewhere. */
export function inProgress(): AppError {
  const message = 'A request with this Idempotency-Key is still running; ask again for its reply.';
  return new AppError('idempotency_in_progress', message, { retryAfterSeconds: 1 });
}

function mismatch(): AppError {
  const message =
    'This Idempotency-Key was used for another request. ' +
    'Send the very same request again, or choose a new key.';
  return new AppError('idempotency_mismatch', message);
}
