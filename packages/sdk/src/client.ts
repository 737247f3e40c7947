import { Admin } from './admin.ts';
import { ApiKeys } from './api-keys.ts';
import { AuditLog } from './audit-log.ts';
import { Batches } from './batches.ts';
import { BillingSettings } from './billing.ts';
import { Catalogue } from './catalogue.ts';
import { Conversions } from './conversions.ts';
import { Invitations, Members } from './members.ts';
import { HttpClient, type CallOptions } from './http.ts';
import { Invoices } from './invoices.ts';
import { Login } from './login.ts';
import type { Me } from './me.ts';
import { Notifications } from './notifications.ts';
import { Reservations } from './reservations.ts';
import { Subscriptions } from './subscription.ts';
import type { Format, Plan } from './types.ts';
import { UsageReports } from './usage.ts';
import { WebhookEndpoints } from './webhook-endpoints.ts';
import { WorkspacePath } from './workspace.ts';
import { Workspaces } from './workspaces.ts';

export type { CreateBatchInput, WaitForBatchOptions } from './batches.ts';
export type { CreateApiKeyInput } from './api-keys.ts';
export type { CreateConversionInput, ListConversionsInput } from './conversions.ts';
export type { CallOptions } from './http.ts';
export type { ConvertInput, ConvertProgress, ConvertResult } from './convert.ts';
export { passwordLength } from './login.ts';
export type { LoginSession, SecondFactor, SignInResult } from './login.ts';
export type { Me, Membership, Role } from './me.ts';
export type { AuditEntry, ListAuditInput } from './audit-log.ts';
export type { ListAllAuditInput, ListMailsInput, ListStripeEventsInput } from './admin.ts';
export type { ListAdminPlansInput } from './admin-plans.ts';
export type {
  AssignPlanInput,
  ListAdminWorkspacesInput,
  SetTrialInput,
} from './admin-workspaces.ts';
export type {
  AdminBilling,
  AdminPlan,
  AdminPlanDetail,
  AdminWorkspace,
  AuditVerification,
  Clock,
  CreatePlanInput,
  CreatePlanMigrationInput,
  Credit,
  EndPreview,
  Health,
  Overrides,
  PlanChange,
  PlanMigration,
  PlanPrice,
  PlanTerms,
  PlanVersion,
  Revenue,
  SetOverridesInput,
  StripeEvent,
  UpdatePlanInput,
} from './admin-types.ts';
export type { UpdateBillingInput } from './billing.ts';
export type {
  Billing,
  BillingEvent,
  BillingInterval,
  ChangedSubscription,
  OveragePolicy,
  PaymentMethod,
  Subscription,
  SubscriptionPreview,
} from './billing-types.ts';
export type { CancelSubscriptionInput, ChangeSubscriptionInput } from './subscription.ts';
export type { CreateReservationInput, HeldReservation } from './reservations.ts';
export type { UsageBucket, UsageDecision, UsageExportInput, UsageHistoryInput } from './usage.ts';
export type { ExportWorkspaceInput, UpdateWorkspaceInput } from './workspaces.ts';
export { minorDigits } from './currency.ts';
export { ConnectionError, errorFromJob, MutateError } from './errors.ts';
export { randomToken as newIdempotencyKey } from './random.ts';
export { isFinal } from './types.ts';
export type {
  ApiKey,
  Batch,
  FileError,
  Format,
  FormatFacts,
  Job,
  JobEvent,
  JobOutput,
  JobStatus,
  List,
  NewApiKey,
  NewReservation,
  Plan,
  Quote,
  Reservation,
  Usage,
  Warning,
  Workspace,
} from './types.ts';
export type {
  CountedConversion,
  Invoice,
  InvoiceLine,
  InvoiceWithLines,
  LineExplanation,
} from './invoice-types.ts';
export type { Invitation, Member, OpenInvitation } from './member-types.ts';
export type { FileInput, UploadProgress } from './upload.ts';
export {
  verifyWebhook,
  WebhookVerificationError,
  type VerifyWebhookInput,
  type WebhookEvent,
} from './verify-webhook.ts';
export type { WaitOptions } from './wait.ts';
export { webhookEventTypes, type WebhookEventType } from './webhook-types.ts';
export type {
  CreateWebhookEndpointInput,
  ListDeliveriesInput,
  UpdateWebhookEndpointInput,
} from './webhook-endpoints.ts';
export type {
  Mail,
  NewWebhookEndpoint,
  NotificationPreferences,
  RenderedMail,
  WebhookDelivery,
  WebhookDeliveryDetail,
  WebhookEndpoint,
} from './webhook-types.ts';

export interface MutateOptions {
  /** `mk_live_…`. Without one, in a browser, the session cookie of a signed-in member is used. */
  apiKey?: string | undefined;
  /** Such as `https://mutate.example.com`; a path before `/v1` is kept. */
  baseUrl: string;
  /** By default the workspace that the API key belongs to. */
  workspaceId?: string | undefined;
  fetch?: typeof fetch | undefined;
  /** Further tries after a failure that may pass. Default 4. */
  retries?: number | undefined;
  /** Longest silence from the server, in milliseconds; not a bound on the whole call. Default 120,000. */
  timeoutMs?: number | undefined;
}

/** A client of the Mutate API for one workspace. @throws TypeError for a malformed option */
export class Mutate {
  readonly conversions: Conversions;
  readonly batches: Batches;
  readonly usage: UsageReports;
  readonly workspaces: Workspaces;
  readonly auditLog: AuditLog;
  readonly formats: Catalogue<Format>;
  readonly plans: Catalogue<Plan>;
  readonly apiKeys: ApiKeys;
  readonly members: Members;
  readonly invitations: Invitations;
  readonly reservations: Reservations;
  readonly subscription: Subscriptions;
  readonly billing: BillingSettings;
  /** For super admins. */
  readonly admin: Admin;
  /** For programs in a browser. */
  readonly login: Login;
  readonly webhookEndpoints: WebhookEndpoints;
  readonly notifications: Notifications;
  /** Who is signed in; for callers with a session cookie. */
  readonly me: (call?: CallOptions) => Promise<Me>;
  readonly invoices: Invoices;

  constructor(options: MutateOptions) {
    const http = new HttpClient({
      apiKey: options.apiKey ?? null,
      baseUrl: options.baseUrl,
      // A browser's fetch refuses to be called as anybody else's method.
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      retries: options.retries ?? 4,
      timeoutMs: options.timeoutMs ?? 120_000,
    });
    const workspace = new WorkspacePath(http, options.workspaceId);
    this.conversions = new Conversions(http, workspace);
    this.batches = new Batches(http, workspace);
    this.usage = new UsageReports(http, workspace);
    this.workspaces = new Workspaces(http, workspace);
    this.auditLog = new AuditLog(http, workspace);
    this.formats = new Catalogue<Format>(http, '/v1/formats');
    this.plans = new Catalogue<Plan>(http, '/v1/plans');
    this.apiKeys = new ApiKeys(http, workspace);
    this.members = new Members(http, workspace);
    this.invitations = new Invitations(http, workspace);
    this.reservations = new Reservations(http, workspace);
    this.subscription = new Subscriptions(http, workspace);
    this.billing = new BillingSettings(http, workspace);
    this.admin = new Admin(http);
    this.login = new Login(http);
    this.webhookEndpoints = new WebhookEndpoints(http, workspace);
    this.notifications = new Notifications(http, workspace);
    this.me = (call = {}) => http.json<Me>({ method: 'GET', path: '/v1/me', ...call });
    this.invoices = new Invoices(http, workspace);
  }
}
