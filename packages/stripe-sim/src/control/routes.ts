import { testCards } from '../billing/test-cards.ts';
import type { Player } from '../clock/player.ts';
import { resend } from '../delivery/deliver.ts';
import type { Disturbance } from '../delivery/script.ts';
import { authenticate } from '../resources/payment-intents.ts';
import { authenticateSetup } from '../resources/setup-intents.ts';
import { need } from '../resources/shared.ts';
import type { Store } from '../store/store.ts';
import type { Transaction } from '../store/transaction.ts';
import type { HttpReply, HttpRequest } from '../wire/http.ts';
import { errorTypes, StripeError, invalidRequest } from '../wire/stripe-error.ts';
import { faultKinds, type FaultRule, type Faults } from './faults.ts';
import { readInput, type Rules } from './input.ts';

export interface ControlOptions {
  readonly store: Store;
  readonly player: Player;
  readonly faults: Faults;
  readonly webhooks: Disturbance;
  readonly run: <Result>(work: (tx: Transaction) => Result) => Promise<Result>;
  readonly now: () => number;
}

type Handler = (body: unknown, id: string) => Promise<unknown>;

/** The simulator's own API under `/_sim`: JSON in, JSON out. docs/stripe-sim.md lists it. */
export function createControl(
  options: ControlOptions,
): (request: HttpRequest) => Promise<HttpReply> {
  const handlers = {
    ...clockHandlers(options),
    ...scriptHandlers(options),
    ...actHandlers(options),
  };
  return async (request) => {
    try {
      if (!/^Bearer [sr]k_test_\w+$/.test(request.headers.authorization ?? '')) {
        throw new StripeError(
          401,
          'invalid_request_error',
          'Send `Authorization: Bearer sk_test_…`.',
        );
      }
      const { handler, id } = find(handlers, request);
      const body: unknown = request.body === '' ? {} : parse(request.body);
      return { status: 200, headers: {}, body: (await handler(body, id)) ?? {} };
    } catch (error) {
      if (!(error instanceof StripeError)) throw error;
      return { status: error.status, headers: {}, body: error.body() };
    }
  };
}

function find(
  handlers: Readonly<Record<string, Handler>>,
  request: HttpRequest,
): { handler: Handler; id: string } {
  const match = /^\/_sim\/(payment_methods|intents)\/([^/]+)(\/\w+)?$/.exec(request.path);
  const path = match === null ? request.path : `/_sim/${match[1]}/{}${match[3] ?? ''}`;
  const handler = handlers[`${request.verb} ${path}`];
  if (handler !== undefined) return { handler, id: match?.[2] ?? '' };
  const known = Object.keys(handlers).join(', ');
  throw new StripeError(404, 'invalid_request_error', `There is no such call; there are ${known}.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidRequest('The body is no JSON.');
  }
}

function clockHandlers({ store, player, run, now }: ControlOptions): Record<string, Handler> {
  return {
    'GET /_sim/state': () => {
      const [clock] = store.state.scan('sim.clock');
      const [settings] = store.state.scan('sim.settings');
      const deliveries = { pending: 0, delivered: 0, failed: 0, lost: 0 };
      for (const delivery of store.state.scan('sim.delivery')) deliveries[delivery.status] += 1;
      return Promise.resolve({
        now: now(),
        mode: clock?.mode,
        next_due: player.nextDue(),
        proration_rounding: settings?.proration_rounding,
        after_last_retry: settings?.after_last_retry,
        deliveries,
      });
    },
    'POST /_sim/clock': async (body) => {
      const input = readInput(body, {
        mode: ['live', 'held'],
        to: 'integer',
        by_seconds: 'integer',
      });
      if (input.mode !== undefined) await setMode(run, now(), input.mode as 'live' | 'held');
      const target =
        input.to ?? (input.by_seconds === undefined ? undefined : now() + Number(input.by_seconds));
      if (target !== undefined) await move({ store, player, run, now }, Number(target));
      return { now: now() };
    },
    'POST /_sim/settle': async () => {
      player.kick();
      await player.settled();
      return { now: now() };
    },
    'PUT /_sim/settings': (body) => {
      const rules: Rules = {
        proration_rounding: ['floor', 'nearest'],
        after_last_retry: ['cancel', 'unpaid', 'past_due'],
      };
      const input = readInput(body, rules);
      return run((tx) => {
        const [settings] = tx.getAll('sim.settings', undefined);
        return Object.assign(settings ?? {}, input);
      });
    },
  };
}

/** Held time is played to the moment; live time gets an offset, and plays what that makes due. */
async function move(
  { store, player, run, now }: Pick<ControlOptions, 'store' | 'player' | 'run' | 'now'>,
  target: number,
): Promise<void> {
  if (target < now()) throw invalidRequest(`Time only moves forward; it is ${now()} now.`);
  const [clock] = store.state.scan('sim.clock');
  if (clock?.mode === 'held') {
    await player.advanceTo(target);
    return;
  }
  await setMode(run, now(), 'held');
  await player.advanceTo(target);
  await setMode(run, target, 'live');
}

function setMode(run: ControlOptions['run'], now: number, mode: 'live' | 'held'): Promise<void> {
  return run((tx) => {
    const [clock] = tx.getAll('sim.clock', undefined);
    if (clock === undefined) return;
    clock.mode = mode;
    clock.now = now;
    clock.offset = now - Math.floor(Date.now() / 1000);
  });
}

function scriptHandlers({ store, faults, webhooks, run }: ControlOptions): Record<string, Handler> {
  return {
    'GET /_sim/faults': () => Promise.resolve({ faults: faults.list() }),
    'POST /_sim/faults': (body) => {
      const rules: Rules = {
        kind: faultKinds,
        verb: ['GET', 'POST', 'DELETE'],
        path: 'text',
        skip: 'integer',
        times: 'integer',
        probability: 'share',
        seed: 'integer',
        status: 'integer',
        error_type: errorTypes,
        code: 'text',
      };
      const input = readInput(body, rules, ['kind']);
      faults.add(input as unknown as FaultRule);
      return Promise.resolve({ faults: faults.list() });
    },
    'DELETE /_sim/faults': () => {
      faults.clear();
      return Promise.resolve({ faults: [] });
    },
    'GET /_sim/webhooks': () => Promise.resolve(webhooks.script),
    'PUT /_sim/webhooks': (body) => {
      const rules: Rules = {
        shuffle: 'boolean',
        duplicate: 'share',
        lose: 'share',
        delay_seconds: 'integer',
        delay_step_seconds: 'integer',
        missign: 'share',
        seed: 'integer',
      };
      webhooks.set(readInput(body, rules));
      return Promise.resolve(webhooks.script);
    },
    'GET /_sim/deliveries': () =>
      Promise.resolve({ deliveries: [...store.state.scan('sim.delivery')] }),
    'POST /_sim/webhooks/resend': async (body) => {
      const rules: Rules = { status: ['failed', 'lost', 'delivered'], event: 'text' };
      const input = readInput(body, rules) as Parameters<typeof resend>[1];
      return { resent: await run((tx) => resend(tx, input)) };
    },
  };
}

function actHandlers({ run }: ControlOptions): Record<string, Handler> {
  return {
    'POST /_sim/payment_methods/{}': (body, id) => {
      const { card } = readInput(body, { card: Object.keys(testCards) }, ['card']);
      return run((tx) => {
        const method = need(tx, 'payment_method', id);
        method.sim_card = String(card);
        method.sim_authenticated = false;
        return { id, card };
      });
    },
    'POST /_sim/intents/{}/authenticate': (body, id) => {
      const { outcome } = readInput(body, { outcome: ['succeed', 'fail'] }, ['outcome']);
      const isAgreed = outcome === 'succeed';
      return run((tx) => {
        if (id.startsWith('seti_')) {
          const intent = need(tx, 'setup_intent', id);
          authenticateSetup(tx, intent, isAgreed);
          return { id, status: intent.status };
        }
        const intent = need(tx, 'payment_intent', id);
        authenticate(tx, intent, isAgreed);
        return { id, status: intent.status };
      });
    },
  };
}
