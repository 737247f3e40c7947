import { expect } from 'vitest';
import type { Clock } from '../clock.ts';
import { sql } from '../db/sql.ts';
import { refusalError } from '../metering/refusal.ts';
import { sweep } from '../metering/sweep.ts';
import { reservationRoutes } from '../reservations/routes.ts';
import { createTestApi, type ApiReply } from './api.ts';
import { meteringOn } from './calls.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { expectInvariants } from './invariants.ts';
import { quietLog } from './server.ts';

export interface Workspace {
  readonly organizationId: string;
  readonly apiKey: string;
}

export const reservationInput = { type: 'DOCX_TO_PDF', size_bytes: 1_000 };

interface SendOptions {
  readonly body?: object;
  /** Which of the two servers. */
  readonly server?: 0 | 1;
}

/** The reservations' routes on two servers with one database, and what their tests ask of them. */
export interface ReservationBench {
  readonly database: TestDatabase;
  reserve(
    workspace: Workspace,
    body?: object,
    headers?: Record<string, string>,
    as?: string | null,
  ): Promise<ApiReply>;
  /** The id of a new reservation. */
  reserveId(workspace: Workspace, body?: object): Promise<string>;
  send(
    workspace: Workspace,
    id: string,
    verb: 'heartbeat' | 'complete' | 'release',
    options?: SendOptions,
  ): Promise<ApiReply>;
  get(workspace: Workspace, id: string): Promise<ApiReply>;
  /** As if the converter had been silent until its lease, or its unit, ran out. */
  age(workspace: Workspace, part: 'lease' | 'unit'): Promise<void>;
  sweep(): Promise<number>;
  /** The counters, after a look at the invariants. */
  counters(
    workspace: Workspace,
  ): Promise<{ used: number; reserved: number; active: number } | undefined>;
  close(): Promise<void>;
}

export async function startReservationBench(clock: Clock): Promise<ReservationBench> {
  const database = await createTestDatabase();
  const { db } = database;
  const start = () =>
    createTestApi(
      db,
      clock,
      reservationRoutes({
        metering: meteringOn(db, clock),
        attemptsMax: 3,
        refuse: async (_, decision) =>
          refusalError(decision, { upgradeUrl: '/billing', now: clock.now() }),
      }),
    );
  const apis = [start(), start()] as const;
  const at = ({ organizationId }: Workspace) =>
    `/v1/workspaces/${organizationId}/reservations` as const;
  const bench: ReservationBench = {
    database,
    reserve: (workspace, body = reservationInput, headers = {}, as = workspace.apiKey) =>
      apis[0].call(`POST ${at(workspace)}`, { as, body, headers }),
    reserveId: async (workspace, body) => {
      const reply = await bench.reserve(workspace, body);
      expect(reply.status).toBe(201);
      return String(reply.body.id);
    },
    send: (workspace, id, verb, { body, server = 0 } = {}) =>
      apis[server].call(`POST ${at(workspace)}/${id}/${verb}`, {
        as: workspace.apiKey,
        ...(body === undefined ? {} : { body }),
      }),
    get: (workspace, id) => apis[0].call(`GET ${at(workspace)}/${id}`, { as: workspace.apiKey }),
    age: async ({ organizationId }, part) => {
      await database.owner.query(
        part === 'lease'
          ? sql`UPDATE active_conversions SET lease_expires_at = now() - interval '1 second'
                WHERE organization_id = ${organizationId} AND state = 'running'`
          : sql`UPDATE active_conversions SET unit_expires_at = now() - interval '1 second'
                WHERE organization_id = ${organizationId}`,
      );
    },
    sweep: () => sweep({ db, clock, log: quietLog, attemptsMax: 3 }),
    counters: async ({ organizationId }) => {
      await expectInvariants(db, organizationId);
      const [row] = await db.query<{ used: number; reserved: number; active: number }>(
        sql`SELECT used, reserved, active FROM usage_counters
            WHERE organization_id = ${organizationId}`,
      );
      return row;
    },
    close: async () => {
      for (const api of apis) await api.close();
      await database.close();
    },
  };
  return bench;
}
