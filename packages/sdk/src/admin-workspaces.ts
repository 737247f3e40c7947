import type {
  AdminBilling,
  AdminWorkspace,
  Credit,
  EndPreview,
  SetOverridesInput,
} from './admin-types.ts';
import type { BillingInterval, Subscription } from './billing-types.ts';
import type { CallOptions, HttpClient } from './http.ts';
import { onePage, type PageInput } from './pages.ts';
import type { List } from './types.ts';

export interface ListAdminWorkspacesInput extends PageInput {
  /** A part of the name or slug, an id, or a billing address. */
  search?: string | undefined;
  planId?: string | undefined;
  billingStatus?: AdminWorkspace['billing_status'] | undefined;
  /** Whether 80 % of the limit are taken. */
  nearLimit?: boolean | undefined;
  /** Whether more than one subscription is charged at the payment provider. */
  extraSubscriptions?: boolean | undefined;
  sort?: 'newest' | 'usage' | 'share' | 'revenue' | undefined;
}

export interface AssignPlanInput {
  plan_id: string;
  interval?: BillingInterval;
  currency?: string;
}

export interface SetTrialInput {
  ends_at: string;
  /** For a workspace without a paid subscription: what it tries, without a card. */
  plan_id?: string;
  interval?: BillingInterval;
  currency?: string;
}

/** All workspaces, for the super admin. Every method throws `MutateError`. */
export class AdminWorkspaces {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  page(input: ListAdminWorkspacesInput = {}): Promise<List<AdminWorkspace>> {
    return onePage<AdminWorkspace>(this.#http, '/v1/admin/workspaces', input, {
      search: input.search,
      plan_id: input.planId,
      billing_status: input.billingStatus,
      near_limit: input.nearLimit === undefined ? undefined : String(input.nearLimit),
      extra_subscriptions:
        input.extraSubscriptions === undefined ? undefined : String(input.extraSubscriptions),
      sort: input.sort,
    });
  }

  get(id: string, call: CallOptions = {}): Promise<AdminWorkspace> {
    return this.#http.json<AdminWorkspace>({ method: 'GET', path: pathOf(id), ...call });
  }

  create(json: { name: string; owner_email?: string; plan_id?: string }): Promise<AdminWorkspace> {
    const path = '/v1/admin/workspaces';
    return this.#http.json<AdminWorkspace>({ method: 'POST', path, json });
  }

  /** Replaces the whole set. */
  setOverrides(id: string, json: SetOverridesInput): Promise<AdminWorkspace> {
    const path = pathOf(id, 'overrides');
    return this.#http.json<AdminWorkspace>({ method: 'PUT', path, json });
  }

  clearOverrides(id: string): Promise<AdminWorkspace> {
    const path = pathOf(id, 'overrides');
    return this.#http.json<AdminWorkspace>({ method: 'DELETE', path });
  }

  /** At once and without payment. */
  assignPlan(id: string, json: AssignPlanInput): Promise<Subscription> {
    const path = pathOf(id, 'subscription');
    return this.#http.json<Subscription>({ method: 'POST', path, json });
  }

  /** Its plan, or the one that is named, for nothing until a day. */
  setTrial(id: string, json: SetTrialInput): Promise<Subscription> {
    return this.#http.json<Subscription>({ method: 'POST', path: pathOf(id, 'trial'), json });
  }

  /** What `subscription.cancel({ when: 'now', settlement })` would give back. */
  previewEnd(id: string, call: CallOptions = {}): Promise<EndPreview> {
    const path = pathOf(id, 'subscription', 'end-preview');
    return this.#http.json<EndPreview>({ method: 'GET', path, ...call });
  }

  giveCredit(
    id: string,
    json: { amount_minor: number; currency: string; reason: string },
  ): Promise<Credit> {
    return this.#http.json<Credit>({ method: 'POST', path: pathOf(id, 'credits'), json });
  }

  /** Whether it may be charged for overage without a payment method on file. */
  allowOverageCharge(id: string, isAllowed: boolean): Promise<AdminBilling> {
    const json = { overage_charge_allowed: isAllowed };
    return this.#http.json<AdminBilling>({ method: 'PATCH', path: pathOf(id, 'billing'), json });
  }

  suspend(id: string, reason: string): Promise<AdminWorkspace> {
    const path = pathOf(id, 'suspend');
    return this.#http.json<AdminWorkspace>({ method: 'POST', path, json: { reason } });
  }

  reactivate(id: string): Promise<AdminWorkspace> {
    return this.#http.json<AdminWorkspace>({ method: 'POST', path: pathOf(id, 'reactivate') });
  }
}

function pathOf(id: string, ...rest: string[]): string {
  return ['/v1/admin/workspaces', encodeURIComponent(id), ...rest].join('/');
}
