import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import pg from 'pg';
import { Stripe } from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createEmptyDatabase } from '../../../server/src/test/database.ts';
import { startSimulator } from '../simulator.ts';
import { at, clientOf } from '../test/simulated.ts';
import { createPostgresJournal } from './postgres-journal.ts';

let connection: pg.ClientConfig;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ connection, drop } = await createEmptyDatabase());
});
afterEach(() => drop());

const heldAt = at('2027-06-01T00:00:00Z');

async function query<Row extends object>(text: string): Promise<Row[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

test('what was there before a restart is there after it: objects, time, keys', async () => {
  const first = await startSimulator({ journal: createPostgresJournal(connection), heldAt });
  const create = (simulator: typeof first) =>
    clientOf(simulator).customers.create({ name: 'Ann' }, { idempotencyKey: 'ann' });
  const made = await create(first);
  await first.advanceTo(heldAt + 1000);
  await first.stop();
  const second = await startSimulator({ journal: createPostgresJournal(connection) });
  expect(second.now()).toBe(heldAt + 1000);
  expect((await create(second)).id).toBe(made.id);
  expect((await clientOf(second).customers.list()).data).toHaveLength(1);
  await second.stop();
});

test('two simulators never work on one database', async () => {
  const first = await startSimulator({ journal: createPostgresJournal(connection) });
  const second = startSimulator({ journal: createPostgresJournal(connection) });
  await expect(second).rejects.toThrow('Another Stripe simulator works on this database');
  await first.stop();
});

test('a request whose transaction cannot be kept is answered with an error and leaves nothing', async () => {
  const simulator = await startSimulator({ journal: createPostgresJournal(connection) });
  const client = clientOf(simulator);
  await client.customers.create({ name: 'before' });
  await query(
    `ALTER TABLE stripe_sim.documents ADD CONSTRAINT refuse CHECK (document::text NOT LIKE '%during%')`,
  );
  await expect(client.customers.create({ name: 'during' })).rejects.toMatchObject({
    statusCode: 500,
  });
  await client.customers.create({ name: 'after' });
  const { data } = await client.customers.list();
  expect(data.map((customer) => customer.name)).toEqual(['after', 'before']);
  await simulator.stop();
});

test('a connection that the server ends is opened again, and nothing acknowledged is gone', async () => {
  const simulator = await startSimulator({ journal: createPostgresJournal(connection) });
  const client = clientOf(simulator);
  await client.customers.create({ name: 'before' });
  await query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'stripe-sim' AND datname = current_database()`,
  );
  await client.customers.create({ name: 'lost' }).catch(() => undefined);
  await client.customers.create({ name: 'after' });
  const names = (await client.customers.list()).data.map((customer) => customer.name);
  expect(names).toContain('before');
  expect(names).toContain('after');
  await simulator.stop();
});

test('a schema that is newer than the code is left alone', async () => {
  await (await startSimulator({ journal: createPostgresJournal(connection) })).stop();
  await query(`INSERT INTO stripe_sim.migrations VALUES ('9999_future.sql')`);
  const start = startSimulator({ journal: createPostgresJournal(connection) });
  await expect(start).rejects.toThrow('newer than this version');
});

test('kill -9 loses nothing that was acknowledged', async () => {
  const names: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const child = await spawnSimulator();
    const client = clientOn(child.port);
    const before = names.length;
    const write = async (worker: number): Promise<void> => {
      for (let index = 0; ; index += 1) {
        const name = `${round}-${worker}-${index}`;
        await client.customers.create({ name });
        names.push(name);
      }
    };
    const writers = [0, 1, 2].map((worker) => write(worker).catch(() => undefined));
    await expect.poll(() => names.length - before, { timeout: 60_000 }).toBeGreaterThan(10);
    child.process.kill('SIGKILL');
    await Promise.all([...writers, child.ended]);
  }
  const child = await spawnSimulator();
  const found = new Set<string | null | undefined>();
  for await (const { name } of clientOn(child.port).customers.list({ limit: 100 })) found.add(name);
  expect(names.filter((name) => !found.has(name))).toEqual([]);
  child.process.kill('SIGTERM');
  expect(await child.ended).toBe(0);
});

interface Child {
  process: ChildProcess;
  port: number;
  ended: Promise<number | null>;
}

async function spawnSimulator(): Promise<Child> {
  const { host, port, user, password, database } = connection;
  const secret = typeof password === 'string' ? `:${encodeURIComponent(password)}` : '';
  const url = `postgres://${user}${secret}@localhost:${port}/${database}?host=${encodeURIComponent(host ?? '')}`;
  const main = path.join(import.meta.dirname, '..', 'main.ts');
  const child = spawn(process.execPath, [main, '--port', '0', '--database', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', resolve);
    child.once('exit', (code) => reject(new Error(`the simulator ended with ${code}`)));
  });
  return { process: child, ended, port: Number(/:(\d+) /.exec(line)?.[1]) };
}

function clientOn(port: number): Stripe {
  return new Stripe('sk_test_x', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
  });
}
