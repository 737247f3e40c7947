import type {
  BillingInterval,
  ChangedSubscription,
  Subscription,
  SubscriptionPreview,
} from './billing-types.ts';
import type { CallOptions, HttpClient } from './http.ts';
import { listAll } from './pages.ts';
import type { Plan } from './types.ts';
import type { WorkspacePath } from './workspace.ts';

export interface ChangeSubscriptionInput {
  planId: string;
  /** The present one where absent. */
  interval?: BillingInterval | undefined;
  /** Fixed by the first subscription. */
  currency?: string | undefined;
  when?: 'now' | 'period_end' | undefined;
  /** Of a preview of the last hour: the invoice is then that preview to the cent. */
  prorationDate?: string | undefined;
  /** Where the hosted page leads back to. */
  returnUrl?: string | undefined;
  idempotencyKey?: string | undefined;
}

export interface CancelSubscriptionInput {
  /** `now` is for the super admin. Default `period_end`. */
  when?: 'now' | 'period_end' | undefined;
  /** With `now`: what becomes of the time that is paid for and left. */
  settlement?: 'refund' | 'credit' | 'none' | undefined;
}

/** What plan the workspace is on, and changing it. Every method throws `MutateError`. */
export class Subscriptions {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  async get(call: CallOptions = {}): Promise<Subscription> {
    const path = await this.#workspace.to('subscription');
    return this.#http.json<Subscription>({ method: 'GET', path, ...call });
  }

  /** What it can be on: the plans on sale and those made for this workspace alone. */
  async plans({ signal }: CallOptions = {}): Promise<Plan[]> {
    const path = await this.#workspace.to('plans');
    const plans: Plan[] = [];
    for await (const plan of listAll<Plan>(this.#http, path, {}, signal)) plans.push(plan);
    return plans;
  }

  /** Subscribes, upgrades or downgrades; `checkout_url` or `pending_change` may ask for a payment. */
  async change(input: ChangeSubscriptionInput): Promise<ChangedSubscription> {
    return this.#http.json<ChangedSubscription>({
      method: 'POST',
      path: await this.#workspace.to('subscription'),
      json: toWire(input),
      idempotencyKey: input.idempotencyKey,
    });
  }

  /** The invoice that `change` would make; nothing is stored. */
  async preview(
    input: ChangeSubscriptionInput,
    call: CallOptions = {},
  ): Promise<SubscriptionPreview> {
    const path = await this.#workspace.to('subscription', 'preview');
    const json = toWire(input);
    return this.#http.json<SubscriptionPreview>({ method: 'POST', path, json, ...call });
  }

  async cancel({ when, settlement }: CancelSubscriptionInput = {}): Promise<Subscription> {
    const path = await this.#workspace.to('subscription');
    return this.#http.json<Subscription>({ method: 'DELETE', path, query: { when, settlement } });
  }

  /** Takes a cancellation back before it takes effect. */
  async resume(): Promise<Subscription> {
    const path = await this.#workspace.to('subscription', 'resume');
    return this.#http.json<Subscription>({ method: 'POST', path });
  }
}

function toWire(input: ChangeSubscriptionInput): object {
  return {
    plan_id: input.planId,
    interval: input.interval,
    currency: input.currency,
    when: input.when,
    proration_date: input.prorationDate,
    return_url: input.returnUrl,
  };
}
