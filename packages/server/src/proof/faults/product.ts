import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { prepareLayout } from '../../db/embedded-layout.ts';
import { isServerOf, readServerPid } from '../../db/embedded-process.ts';
import {
  type EmbeddedPostgres,
  findEmbeddedConnection,
  startEmbeddedPostgres,
} from '../../db/embedded.ts';
import { Pool } from '../../db/pool.ts';
import { makeRuntimeCache, makeTestFolder, quietLog } from '../../test/server.ts';

const mainPath = fileURLToPath(new URL('../../main.ts', import.meta.url));
const endWithParent = new URL('../../../../../scripts/setup/end-with-parent.mjs', import.meta.url)
  .href;

/** One process with its own database, or a server and a worker beside one database. */
export type Shape = 'all' | 'split';
export type Victim = 'server' | 'worker' | 'postgres';
type Role = 'all' | 'server' | 'worker';

export const adminKey = 'mk_admin_of_the_fault_harness';
const leaseSeconds = 2;
const startMsMax = 120_000;

/** The product as people run it, in a folder of its own, for killing. */
export class Product {
  readonly url: string;
  readonly shape: Shape;
  readonly #folder: string;
  readonly #port: number;
  readonly #children = new Map<Role, ChildProcess>();
  #postgres: EmbeddedPostgres | undefined;
  #db: Pool | undefined;

  constructor(shape: Shape, port: number) {
    this.shape = shape;
    this.#folder = makeTestFolder();
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Starts it and answers when it takes requests. */
  static async start(shape: Shape): Promise<Product> {
    const product = new Product(shape, await findFreePort());
    try {
      if (shape === 'split') {
        product.#postgres = await startEmbeddedPostgres({
          dataDir: product.#folder,
          // That it is killed is no news here.
          log: { ...quietLog, error: () => undefined },
          runtimeParent: makeRuntimeCache(),
        });
      }
      await product.revive();
      return product;
    } catch (error) {
      await product.stop();
      throw error;
    }
  }

  /** The owner's pool on its database. */
  get db(): Pool {
    const connection = findEmbeddedConnection(this.#folder);
    if (connection === undefined) throw new Error('the product has no database yet');
    this.#db ??= new Pool({ connection, connectionsMax: 4, applicationName: 'mutate proof' });
    return this.#db;
  }

  get victims(): readonly Victim[] {
    return this.shape === 'all' ? ['server', 'postgres'] : ['server', 'worker', 'postgres'];
  }

  /** kill -9. Whoever supervises the victim may bring it back; for the rest there is revive(). */
  async kill(victim: Victim): Promise<void> {
    if (victim === 'postgres') {
      const layout = prepareLayout(this.#folder);
      const pid = readServerPid(layout);
      if (pid !== undefined && isServerOf(layout, pid)) process.kill(pid, 'SIGKILL');
      return;
    }
    const child = this.#children.get(this.shape === 'all' ? 'all' : victim);
    if (child !== undefined) await end(child, 'SIGKILL');
  }

  /** Starts what is not running and answers when requests are taken. */
  async revive(): Promise<void> {
    const roles: readonly Role[] = this.shape === 'all' ? ['all'] : ['server', 'worker'];
    for (const role of roles) {
      const child = this.#children.get(role);
      if (child === undefined || hasEnded(child)) this.#children.set(role, this.#spawn(role));
    }
    const endMs = performance.now() + startMsMax;
    for (;;) {
      const isReady = await fetch(`${this.url}/readyz`, {
        signal: AbortSignal.timeout(2_000),
      }).then(
        (response) => response.ok,
        () => false,
      );
      if (isReady) return;
      const gone = roles.find((role) => hasEnded(this.#children.get(role)));
      if (gone !== undefined || performance.now() > endMs) {
        throw new Error(`the product does not answer:\n${this.readLog()}`);
      }
      await sleep(50);
    }
  }

  /** What its processes said last, PostgreSQL among them. */
  readLog(): string {
    const { logFolder } = prepareLayout(this.#folder);
    const logs = fs.readdirSync(logFolder).map((name) => path.join(logFolder, name));
    return [path.join(this.#folder, 'product.log'), ...logs]
      .filter((file) => fs.existsSync(file))
      .map((file) => `${path.basename(file)}:\n${fs.readFileSync(file, 'utf8').slice(-4_000)}`)
      .join('\n');
  }

  /** Ends everything and removes the folder. */
  async stop(): Promise<void> {
    await this.#db?.close();
    await Promise.all([...this.#children.values()].map((child) => end(child, 'SIGTERM')));
    await this.#postgres?.stop();
    const layout = prepareLayout(this.#folder);
    const pid = readServerPid(layout);
    if (pid !== undefined && isServerOf(layout, pid)) process.kill(pid, 'SIGQUIT');
    await sleep(100);
    fs.rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  #spawn(role: Role): ChildProcess {
    const output = fs.openSync(path.join(this.#folder, 'product.log'), 'a');
    const child = spawn(process.execPath, ['--import', endWithParent, mainPath], {
      env: {
        PATH: process.env.PATH,
        PORT: String(role === 'worker' ? 0 : this.#port),
        MUTATE_ROLE: role,
        MUTATE_DATA_DIR: this.#folder,
        MUTATE_ADMIN_KEY: adminKey,
        LEASE_SECONDS: String(leaseSeconds),
        LOG_LEVEL: 'warn',
        // A backlog is no dead slot: it must not take longer to work off than a slot to be freed.
        QUEUED_PER_ORGANIZATION_MAX: '12',
        CONVERSION_PROCESSES: '2',
        ...(this.#postgres === undefined ? {} : { DATABASE_URL: urlOf(this.#postgres) }),
      },
      // Over the channel it learns that we are gone, as under npm start.
      stdio: ['ignore', 'ignore', output, 'ipc'],
    });
    fs.closeSync(output);
    return child;
  }
}

function urlOf({ connection }: EmbeddedPostgres): string {
  const { host, port, user, password, database } = connection;
  const encode = encodeURIComponent;
  return `postgres://${user}:${encode(password)}@${encode(host)}:${port}/${database}`;
}

function hasEnded(child: ChildProcess | undefined): boolean {
  return child === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/** A port that was free a moment ago; the same one for the whole life of a product. */
async function findFreePort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was free');
  return address.port;
}
