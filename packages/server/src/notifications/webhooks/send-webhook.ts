import { DeliveryLoop } from '../delivery-loop.ts';
import type { NotificationDeps } from '../deps.ts';
import { guardedPost, TargetFailed } from '../../http/outbound/guarded-request.ts';
import { TargetRefused } from '../../http/outbound/outbound-target.ts';
import { retrySeconds } from '../retry-schedule.ts';
import {
  claimDeliveries,
  settleDelivery,
  type AttemptResult,
  type DueDelivery,
} from './delivery-sql.ts';
import { switchOff } from './disable.ts';
import { testEventType } from './events.ts';
import { secretPlace, signedHeaders } from './secret.ts';

const minutes = 60;
const hours = 3_600;
/** Seconds after the first attempt, the second, …: ten attempts in three days. */
export const webhookRetrySchedule: readonly number[] = [
  5,
  5 * minutes,
  30 * minutes,
  2 * hours,
  5 * hours,
  10 * hours,
  14 * hours,
  20 * hours,
  24 * hours,
];

/** An endpoint without a success for that long is switched off, by an event that was tried this often. */
const failingSecondsMax = 5 * 24 * hours;
const attemptsBeforeOff = 5;
const fastMax = 32;
const slowMax = 32;
const excerptBytesMax = 1_024;

export interface WebhookTiming {
  /** Connection, request and answer together. */
  readonly attemptMsMax: number;
  /** How long a delivery is a process's own; more than an attempt can take. */
  readonly leaseSeconds: number;
  readonly everyMs: number;
  /** Whoever takes longer waits in the lane of the slow. */
  readonly slowMs: number;
}

export const webhookTiming: WebhookTiming = {
  attemptMsMax: 15_000,
  leaseSeconds: 60,
  everyMs: 500,
  slowMs: 3_000,
};

/**
 * Sends the deliveries that are due, again and again. At least once: a repeat, under the same
 * `webhook-id`, only where the endpoint had answered and this process died before it wrote that down, or
 * the endpoint had the event and its answer was no 2xx or did not come in time.
 */
export function startWebhookLoop(
  deps: NotificationDeps,
  timing: WebhookTiming,
): DeliveryLoop<DueDelivery> {
  return new DeliveryLoop<DueDelivery>({
    name: 'webhooks',
    log: deps.log,
    slots: fastMax + slowMax,
    everyMs: timing.everyMs,
    claim: (_free, underWay) => {
      const busy = [...underWay];
      const slow = busy.filter((delivery) => delivery.slow).length;
      return deps.db.query<DueDelivery>(
        claimDeliveries({
          fastMax: fastMax - (busy.length - slow),
          slowMax: slowMax - slow,
          perFastEndpointMax: 4,
          leaseSeconds: timing.leaseSeconds,
          busyEndpointIds: busy.map((delivery) => delivery.endpoint_id),
        }),
      );
    },
    deliver: (delivery) => deliver(deps, delivery, timing),
  });
}

async function deliver(
  deps: NotificationDeps,
  delivery: DueDelivery,
  timing: WebhookTiming,
): Promise<void> {
  const startedMs = performance.now();
  const answer = await post(deps, delivery, timing);
  const result = { ...answer, durationMs: Math.round(performance.now() - startedMs) };
  const isGone = result.responseStatus === 410;
  const retry = result.error === null || isGone ? null : retryAfter(delivery, answer.waitSeconds);
  const [endpoint] = await deps.db.query<{ failing_since: string | null; failing_seconds: number }>(
    settleDelivery(delivery, result, retry, timing.slowMs),
  );
  if (endpoint === undefined) return;
  const tried = delivery.attempts - delivery.attempts_before;
  const isFailing = endpoint.failing_seconds >= failingSecondsMax && tried >= attemptsBeforeOff;
  if (isGone) await switchOff(deps, delivery, 'gone', endpoint.failing_since);
  else if (isFailing) await switchOff(deps, delivery, 'failing', endpoint.failing_since);
}

/** A test is tried once. */
function retryAfter(delivery: DueDelivery, waitSeconds: number): number | null {
  if (delivery.type === testEventType) return null;
  const tried = delivery.attempts - delivery.attempts_before;
  const seconds = retrySeconds(webhookRetrySchedule, tried);
  return seconds === null ? null : Math.max(seconds, waitSeconds);
}

type Answer = Omit<AttemptResult, 'durationMs'> & { readonly waitSeconds: number };

const failed = (error: string): Answer => ({
  responseStatus: null,
  responseExcerpt: null,
  error,
  waitSeconds: 0,
});

async function post(
  deps: NotificationDeps,
  delivery: DueDelivery,
  { attemptMsMax }: WebhookTiming,
): Promise<Answer> {
  const secrets = openSecrets(deps, delivery);
  if (secrets === null) {
    return failed('its secret cannot be read with the present AUTH_SECRET: rotate it');
  }
  const { event_id: id, body } = delivery;
  const timestamp = Math.floor(Date.now() / 1_000);
  try {
    const answer = await guardedPost(delivery.url, {
      ...deps.webhooks,
      httpsOnly: true,
      signal: AbortSignal.timeout(attemptMsMax),
      headers: {
        'content-type': 'application/json',
        ...signedHeaders({ id, timestamp, body }, secrets),
      },
      body,
      answerBytesMax: excerptBytesMax,
    });
    const { status, excerpt } = answer;
    return {
      responseStatus: status,
      // PostgreSQL holds no U+0000.
      responseExcerpt: excerpt.replaceAll('\0', '\ufffd'),
      error: objectionTo(status),
      waitSeconds: Math.min(answer.retryAfterSeconds ?? 0, 24 * hours),
    };
  } catch (error) {
    if (error instanceof TargetRefused) return failed(`the URL ${error.message}`);
    if (error instanceof TargetFailed) return failed(describe(error, attemptMsMax));
    throw error;
  }
}

function objectionTo(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  const why = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
  return `it answered with status ${status}${why}`;
}

function describe({ message, cause }: TargetFailed, attemptMsMax: number): string {
  const { name = '', code = '' } = (cause ?? {}) as { name?: string; code?: string };
  if (name === 'TimeoutError' || code === 'ABORT_ERR') {
    return `it did not answer within ${attemptMsMax / 1_000} seconds`;
  }
  return code === '' ? message : `${message} (${code})`;
}

/** The present secret, and the one before for as long as it signs. Null: it cannot be read. */
function openSecrets(
  { secrets }: NotificationDeps,
  delivery: DueDelivery,
): readonly string[] | null {
  const place = secretPlace(delivery.organization_id, delivery.endpoint_id);
  const present = secrets.open(delivery.secret_sealed, place);
  if (present === null) return null;
  const { previous_secret_sealed: sealed } = delivery;
  const previous = sealed === null ? null : secrets.open(sealed, place);
  return previous === null ? [present] : [present, previous];
}
