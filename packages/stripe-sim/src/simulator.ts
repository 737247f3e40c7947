import type { AddressInfo } from 'node:net';
import { dueOf } from './clock/due.ts';
import { Player } from './clock/player.ts';
import { createControl } from './control/routes.ts';
import { Faults } from './control/faults.ts';
import { Disturbance } from './delivery/script.ts';
import { createPages } from './pages/pages.ts';
import { allRoutes } from './resources/all.ts';
import { create } from './resources/shared.ts';
import { keepEndpoint } from './resources/webhook-endpoints.ts';
import { createMemoryJournal, type Journal } from './store/journal.ts';
import type { Settings } from './store/payment-documents.ts';
import { Store } from './store/store.ts';
import type { Transaction } from './store/transaction.ts';
import { createApi } from './wire/api.ts';
import { createHttp, type HttpReply, type HttpRequest } from './wire/http.ts';

export interface SimulatorOptions {
  /** Where the state is kept; absent: it ends with the process. */
  readonly journal?: Journal;
  readonly host?: string;
  /** 0, or absent: any free one. */
  readonly port?: number;
  /** What a browser reaches it under, for the links to its pages; absent: host and port. */
  readonly publicUrl?: string;
  /** Where business time stands until it is advanced, unix seconds; absent: the wall clock. */
  readonly heldAt?: number;
  readonly log?: (line: string) => void;
}

export interface Simulator {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly faults: Faults;
  readonly webhooks: Disturbance;
  /** Business time, unix seconds. */
  now(): number;
  /** Plays all that falls due up to then, in order, with its webhooks. */
  advanceTo(unixSeconds: number): Promise<void>;
  /** Waits until every webhook that is due has been sent. */
  settled(): Promise<void>;
  /** Keeps one webhook endpoint for whoever started it: all events go there, under this secret. */
  sendWebhooksTo(url: string, secret: string): Promise<void>;
  /** Something the control API has no word for; runs in one transaction at the present time. */
  run<Result>(work: (tx: Transaction) => Result): Promise<Result>;
  stop(): Promise<void>;
}

const tickMs = 1000;

/** Starts a simulator and listens. Throws where the port is taken or the journal is in use. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const log = options.log ?? (() => undefined);
  const store = new Store(options.journal ?? createMemoryJournal(), dueOf);
  const faults = new Faults();
  const webhooks = new Disturbance();
  const player = new Player(store, webhooks, log);
  try {
    await store.run(0, (tx) => prepare(tx, options.heldAt));
    const now = (): number => player.now(store.state);
    const run = <Result>(work: (tx: Transaction) => Result): Promise<Result> =>
      store.run((state) => player.now(state), work).finally(() => player.kick());
    const api = createApi({
      store,
      routes: allRoutes,
      faults,
      now: (state) => player.now(state),
      onCommit: () => player.kick(),
      log,
    });
    const control = createControl({ store, player, faults, webhooks, run, now });
    const pages = createPages({ run });
    const server = createHttp((request) => dispatch(request, api, control, pages), log);
    const host = options.host ?? '127.0.0.1';
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(options.port ?? 0, host, resolve);
    });
    const { port } = server.address() as AddressInfo;
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    await run((tx) => {
      const [settings] = tx.getAll('sim.settings', undefined);
      if (settings !== undefined) settings.base_url = options.publicUrl ?? url;
    });
    const timer = setInterval(() => player.kick(), tickMs);
    return {
      host,
      port,
      url,
      faults,
      webhooks,
      now,
      advanceTo: (unixSeconds) => player.advanceTo(unixSeconds),
      settled: () => player.settled(),
      sendWebhooksTo: (to, secret) => run((tx) => keepEndpoint(tx, to, secret)),
      run,
      stop: async () => {
        clearInterval(timer);
        await new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        });
        await player.stop();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

type Answer = (request: HttpRequest) => Promise<HttpReply>;

function dispatch(
  request: HttpRequest,
  api: Answer,
  control: Answer,
  pages: Answer,
): Promise<HttpReply> {
  if (request.path.startsWith('/_sim/')) return control(request);
  if (request.path.startsWith('/pages/') || request.path === '/') return pages(request);
  return api(request);
}

/** The documents that are always there, with the clock as this start asks for it. */
function prepare(tx: Transaction, heldAt: number | undefined): void {
  const wall = Math.floor(Date.now() / 1000);
  const [settings] = tx.scan('sim.settings');
  if (settings === undefined) {
    const fields: Omit<Settings, 'sim_seq'> = {
      id: 'settings',
      object: 'sim.settings',
      created: wall,
      proration_rounding: 'floor',
      after_last_retry: 'cancel',
      base_url: '',
    };
    tx.insert('sim.settings', fields);
  }
  const [account] = tx.scan('account');
  if (account === undefined) {
    const fields = { created: wall, type: 'standard', default_currency: 'usd', country: 'US' };
    create(tx, 'account', fields);
  }
  const [clock] = tx.getAll('sim.clock', undefined);
  if (clock === undefined) {
    const now = heldAt ?? wall;
    tx.insert('sim.clock', {
      id: 'clock',
      object: 'sim.clock',
      created: wall,
      now,
      mode: heldAt === undefined ? 'live' : 'held',
      offset: 0,
      tidy_at: now + 86_400,
    });
  } else if (heldAt !== undefined) {
    clock.mode = 'held';
    clock.now = Math.max(clock.now, heldAt);
  }
}
