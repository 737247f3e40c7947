import { AdminPlans } from './admin-plans.ts';
import type { AuditVerification, Clock, Health, Revenue, StripeEvent } from './admin-types.ts';
import { AdminWorkspaces } from './admin-workspaces.ts';
import type { AuditEntry } from './audit-log.ts';
import type { CallOptions, HttpClient } from './http.ts';
import { onePage, type PageInput } from './pages.ts';
import type { List } from './types.ts';
import type { Mail, RenderedMail } from './webhook-types.ts';

export interface ListAllAuditInput extends PageInput {
  workspaceId?: string | undefined;
  actorId?: string | undefined;
  targetId?: string | undefined;
  action?: string | undefined;
}

export interface ListStripeEventsInput extends PageInput {
  type?: string | undefined;
  workspaceId?: string | undefined;
  status?: StripeEvent['status'] | undefined;
}

export interface ListMailsInput extends PageInput {
  status?: Mail['status'] | undefined;
  topic?: string | undefined;
  workspaceId?: string | undefined;
}

/** The platform, for its super admin. Every method throws `MutateError`. */
export class Admin {
  readonly workspaces: AdminWorkspaces;
  readonly plans: AdminPlans;
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.workspaces = new AdminWorkspaces(http);
    this.plans = new AdminPlans(http);
    this.#http = http;
  }

  revenue(call: CallOptions = {}): Promise<Revenue> {
    return this.#http.json<Revenue>({ method: 'GET', path: '/v1/admin/revenue', ...call });
  }

  health(call: CallOptions = {}): Promise<Health> {
    return this.#http.json<Health>({ method: 'GET', path: '/v1/admin/health', ...call });
  }

  /** Business time. */
  clock(call: CallOptions = {}): Promise<Clock> {
    return this.#http.json<Clock>({ method: 'GET', path: '/v1/admin/clock', ...call });
  }

  /** Plays all that falls due on the way; with the billing simulator only. */
  advanceClock(to: string): Promise<Clock> {
    const json = { advance_to: to };
    return this.#http.json<Clock>({ method: 'POST', path: '/v1/admin/clock', json });
  }

  /** Changes of all workspaces and of the platform, newest first. */
  auditPage(input: ListAllAuditInput = {}): Promise<List<AuditEntry>> {
    return onePage<AuditEntry>(this.#http, '/v1/admin/audit-log', input, {
      workspace_id: input.workspaceId,
      actor_id: input.actorId,
      target_id: input.targetId,
      action: input.action,
    });
  }

  /** Reads a whole chain; the platform's own by default. */
  verifyAudit(chainId?: string): Promise<AuditVerification> {
    const path = '/v1/admin/audit-log/verification';
    const query = { chain_id: chainId };
    return this.#http.json<AuditVerification>({ method: 'GET', path, query });
  }

  /** What the payment provider told, newest first. */
  stripeEventsPage(input: ListStripeEventsInput = {}): Promise<List<StripeEvent>> {
    return onePage<StripeEvent>(this.#http, '/v1/admin/stripe-events', input, {
      type: input.type,
      workspace_id: input.workspaceId,
      status: input.status,
    });
  }

  /** Looks again at what an event is about. */
  replayStripeEvent(id: string): Promise<StripeEvent> {
    const path = `/v1/admin/stripe-events/${encodeURIComponent(id)}/replay`;
    return this.#http.json<StripeEvent>({ method: 'POST', path });
  }

  /** Mails of all workspaces and of the platform, newest first. */
  mailsPage(input: ListMailsInput = {}): Promise<List<Mail>> {
    return onePage<Mail>(this.#http, '/v1/admin/outbox', input, {
      status: input.status,
      topic: input.topic,
      workspace_id: input.workspaceId,
    });
  }

  mail(id: string, call: CallOptions = {}): Promise<RenderedMail> {
    const path = `/v1/admin/outbox/${encodeURIComponent(id)}`;
    return this.#http.json<RenderedMail>({ method: 'GET', path, ...call });
  }

  /** One that was given up. */
  resendMail(id: string): Promise<Mail> {
    const path = `/v1/admin/outbox/${encodeURIComponent(id)}/resend`;
    return this.#http.json<Mail>({ method: 'POST', path });
  }
}
