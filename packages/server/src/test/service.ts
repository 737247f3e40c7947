import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import { startService, type Service } from '../app.ts';
import { systemClock, type Clock } from '../clock.ts';
import { PlatformClock } from '../platform-clock.ts';
import { startBilling } from '../start-billing.ts';
import { loadConfig } from '../config.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { programFolder } from './programs.ts';

export const testAdminKey = 'mk_admin_for_tests_only_0000';
export const testAuthSecret = 'a_secret_for_tests_only_and_no_other';

export interface TestService {
  readonly service: Service;
  readonly database: TestDatabase;
  readonly url: string;
  readonly dataFolder: string;
  /** A request with a key; `path` begins with `/`. */
  fetch(path: string, init?: RequestInit & { key?: string }): Promise<Response>;
  close(): Promise<void>;
}

/** The whole product in this process, on a database and a folder of its own. */
export async function startTestService(
  options: {
    clock?: Clock;
    env?: Record<string, string>;
    /** Silent unless given. */
    log?: FastifyBaseLogger;
    /** The way to the database, where it is another than the straight one. */
    connect?: (database: TestDatabase) => Promise<pg.ClientConfig>;
    /** With the payment provider's simulator beside it, and a clock that it moves. */
    billed?: boolean;
  } = {},
): Promise<TestService> {
  const database = await createTestDatabase();
  const config = loadConfig({
    PORT: '0',
    LOG_LEVEL: 'silent',
    ...(programFolder === null ? {} : { MUTATE_PROGRAMS: programFolder }),
    ...options.env,
  });
  const log = options.log ?? pino({ level: options.env?.LOG_LEVEL ?? 'silent' });
  const platformClock = new PlatformClock();
  const stack = new AsyncDisposableStack();
  const provider =
    options.billed === true
      ? await startBilling(
          { config, owner: database.connection, db: database.owner, clock: platformClock, log },
          stack,
        )
      : null;
  const dataFolder = await mkdtemp(join(tmpdir(), 'mutate-service-'));
  const service = await startService({
    config,
    adminKey: testAdminKey,
    authSecret: testAuthSecret,
    connection: (await options.connect?.(database)) ?? database.applicationConnection,
    dataFolder,
    hiddenFolders: [],
    billing: provider?.settings ?? null,
    clock: provider === null ? (options.clock ?? systemClock) : platformClock,
    log,
  });
  await provider?.connect(service);
  const url = service.publicUrl;
  return {
    service,
    database,
    url,
    dataFolder,
    fetch: (path, { key, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (key !== undefined) headers.set('authorization', `Bearer ${key}`);
      return fetch(`${url}${path}`, { ...init, headers });
    },
    close: async () => {
      await service.close();
      await stack.disposeAsync();
      await database.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** A multipart form with one file. */
export function form(
  file: { name: string; content: string | Uint8Array },
  fields: Record<string, string>,
): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  const content = typeof file.content === 'string' ? file.content : new Uint8Array(file.content);
  data.append('file', new Blob([content]), file.name);
  return data;
}
