/** The objects on the wire, written from the API reference. Times are RFC 3339 text in UTC. */

export type JobStatus = 'queued' | 'processing' | 'succeeded' | 'failed' | 'cancelled' | 'expired';

export interface JobInput {
  filename: string;
  size_bytes: number;
  sha256: string;
}

export interface JobOutput {
  filename: string;
  size_bytes: number;
  media_type: string;
  sha256: string;
  url: string;
  expires_at: string;
}

/** Something that was lost or changed on the way: a font replaced, a sheet skipped. */
export interface Warning {
  code: string;
  detail: string;
}

export interface JobUsage {
  counted: boolean;
  billed_as: 'included' | 'overage' | 'none';
  /** A decimal such as `"0.004"`, in `currency`. */
  unit_amount: string | null;
  currency: string | null;
  period_start: string;
}

/** One conversion. */
export interface Job {
  id: string;
  object: 'job';
  workspace_id: string;
  status: JobStatus;
  /** Such as `XLSX_TO_CSV`. */
  type: string;
  from: string;
  to: string;
  options: Record<string, unknown>;
  metadata: Record<string, unknown>;
  input: JobInput;
  output: JobOutput | null;
  progress: { percent: number; phase: string };
  warnings: Warning[];
  error: { code: string; detail: string; retryable: boolean } | null;
  usage: JobUsage;
  api_key_id: string | null;
  member_id: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  duration_ms: number | null;
}

/** One message of a job's event stream: the job as it was at that moment. */
export interface JobEvent {
  id: string | null;
  /** The event's name on the wire. */
  type: string;
  job: Job;
}

/** What admission would decide now. */
export interface Quote {
  object: 'quote';
  type: string;
  /** `allowed`, `allowed_overage`, or why not: `quota_exceeded`, `file_too_large`, … */
  verdict: string;
  allowed: boolean;
  limit: number | null;
  used: number;
  reserved: number;
  remaining: number | null;
  billed_as: 'included' | 'overage' | 'none';
  unit_amount: string | null;
  currency: string | null;
  resets_at: string;
}

export interface Usage {
  object: 'usage';
  workspace_id: string;
  plan: { id: string; name: string };
  /** In business time, which the billing simulator can move. */
  as_of: string;
  period: { start: string; end: string };
  conversions: {
    used: number;
    reserved: number;
    limit: number | null;
    remaining: number | null;
    overage: number;
  };
  concurrent: { active: number; queued: number; limit: number | null };
  max_file_size_mb: number | null;
  rate_limit: { per_minute: number };
  overage: {
    policy: 'block' | 'warn' | 'charge';
    /** What the next conversion past the limit costs, of a type without a price of its own. */
    unit_amount: string | null;
    /** Types with a price of their own. */
    unit_amounts_by_type: Record<string, string> | null;
    /** Graduated prices: up to and with which conversion past the limit, and each one's price. */
    tiers: { up_to: number | null; amount: string }[] | null;
    currency: string;
    amount_minor: number;
    spend_cap_minor: number | null;
  };
  breakdown: Record<string, number>;
  alerts: { threshold: number; reached_at: string }[];
  overrides: null | UsageOverrides;
  forecast: null | {
    method: string;
    period_end: { expected: number; low: number; high: number };
    limit_reached_at: string | null;
    expected_overage_minor: number;
  };
}

export interface UsageOverrides {
  monthly_limit: number | 'unlimited' | null;
  concurrent_limit: number | 'unlimited' | null;
  max_file_size_mb: number | 'unlimited' | null;
  overage_price: string | null;
  rate_limit_per_minute: number | 'unlimited' | null;
  reason: string;
  expires_at: string | null;
}

export interface Plan {
  id: string;
  object: 'plan';
  name: string;
  version: number;
  monthly_conversion_limit: number | null;
  concurrent_conversion_limit: number | null;
  max_file_size_mb: number | null;
  rate_limit_per_minute: number;
  overage_policies: string[];
  prices: {
    currency: string;
    interval: 'month' | 'year';
    amount_minor: number;
    overage_amount: string | null;
    /** Types with a price of their own. */
    overage_amounts_by_type: Record<string, string> | null;
    /** Graduated prices: up to and with which conversion past the limit, and each one's price. */
    overage_tiers: { up_to: number | null; amount: string }[] | null;
  }[];
  features: Record<string, unknown>;
  active: boolean;
  /** Whether a workspace may choose it by itself; the operator assigns the others. */
  self_service: boolean;
}

/** Why one file of a batch was never admitted, with the members of its code. */
export interface FileError {
  code: string;
  status: number;
  detail: string;
  retryable: boolean;
  [member: string]: unknown;
}

/** Several files in one request; `data` has one entry a file, in its order. */
export interface Batch {
  id: string;
  object: 'batch';
  workspace_id: string;
  /** completed: every job of it has ended, however it ended. */
  status: 'processing' | 'completed';
  to: string;
  counts: Record<'total' | 'refused' | JobStatus, number>;
  data: { filename: string; job: Job | null; error: FileError | null }[];
  /** The outputs in one ZIP; null while there are none. */
  output: { filename: string; media_type: string; url: string } | null;
  api_key_id: string | null;
  created_at: string;
}

/** What a format is called, and how its files are. */
export interface FormatFacts {
  title: string;
  media_type: string;
  /** Without the dot; the first is the usual one. */
  extensions: string[];
}

/** One conversion that the server offers. */
export interface Format {
  object: 'format';
  type: string;
  from: string;
  to: string;
  source: FormatFacts;
  target: FormatFacts;
  /** The formats between the steps of a chain. */
  via: string[];
  engine: string;
  /** False where a program that it needs is missing on the server. */
  available: boolean;
  /** JSON Schema of the options. */
  options: Record<string, unknown>;
}

export interface ApiKey {
  id: string;
  object: 'api_key';
  name: string;
  /** The last four characters of the key. */
  hint: string;
  scopes: string[];
  /** Conversions a usage period that this key may make; null: as many as the workspace. */
  monthly_limit: number | null;
  /** Addresses and CIDR ranges it may be used from; null: from everywhere. */
  allowed_ips: string[] | null;
  expires_at: string | null;
  /** To the minute. */
  last_used_at: string | null;
  /** After a rotation: the secret before. */
  previous: { hint: string; expires_at: string; last_used_at: string | null } | null;
  rotated_at: string | null;
  created_by: { kind: string; id: string; name: string | null };
  created_at: string;
}

/** `key` is the secret; no later reply shows it again. */
export interface NewApiKey extends ApiKey {
  key: string;
}

/** One unit, and while it is active one slot, held for a converter of your own. */
export interface Reservation {
  id: string;
  object: 'reservation';
  workspace_id: string;
  /** lapsed: its slot is gone for want of a heartbeat; it can still be completed. */
  status: 'active' | 'lapsed' | 'completed' | 'released' | 'expired';
  type: string;
  size_bytes: number;
  /** Until then the slot is held without a heartbeat. */
  expires_at: string | null;
  unit_expires_at: string | null;
  usage: JobUsage;
  api_key_id: string | null;
  created_at: string;
  finished_at: string | null;
}

export interface NewReservation extends Reservation {
  verdict: 'allowed' | 'allowed_overage';
  /** Conversions left in the period after this one; null: without limit. */
  remaining: number | null;
}

export interface Workspace {
  id: string;
  object: 'workspace';
  name: string;
  slug: string;
  plan_id: string;
  billing_status: 'ok' | 'past_due' | 'suspended';
  billing_email: string | null;
  /** An IANA name. */
  time_zone: string;
  /** How long files are kept. */
  retention_hours: number;
  /** Percent of the monthly limit at which the workspace is told. */
  alert_thresholds: number[];
  suspended: boolean;
  /** The subscription is charged again, and nothing is on file to charge. */
  payment_method_missing: boolean;
  created_at: string;
}

export interface List<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  next_cursor: string | null;
}

/** True for a status that never changes again. `expired` is a succeeded job without its bytes. */
export function isFinal(status: JobStatus): boolean {
  return status !== 'queued' && status !== 'processing';
}
