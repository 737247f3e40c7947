import type { Overrides } from '../subscriptions/schema.ts';
import type { ChargeRecord, RefusalRecord, UsageDecision } from './explain.ts';
import { isKeyUsedUp, refusalError } from './refusal.ts';

type Explained = Omit<UsageDecision, 'request_id' | 'workspace_id'>;
type Rule = UsageDecision['rule'];

const megabyte = 1_048_576;

/** A stored refusal in words: nothing is decided again. */
export function explainRefusal(record: RefusalRecord): Explained {
  const { decision, override } = record;
  const { message } = refusalError(decision, {
    upgradeUrl: '',
    now: new Date(record.created_at),
  });
  return {
    object: 'usage_decision',
    outcome: 'refused',
    verdict: decision.verdict,
    detail: message,
    decided_at: record.created_at,
    job_id: null,
    plan: { id: decision.plan_id, name: decision.plan_name, version: decision.plan_version },
    override,
    rule: ruleOf(record),
    numbers: {
      limit: decision.monthly_limit,
      used: decision.used,
      reserved: decision.reserved,
      concurrent_limit: decision.concurrent_limit,
      active: decision.active,
      queued: decision.queued,
      file_bytes_max: decision.file_bytes_max,
      key_limit: decision.key_limit,
      key_used: decision.key_used,
      spend_cap_minor: decision.spend_cap_minor,
    },
    price: null,
    period: { start: decision.period_start, end: decision.period_end },
    next_free: nextFree(record),
  };
}

function ruleOf({ decision, override, max_file_size_mb: planMegabytes }: RefusalRecord): Rule {
  switch (decision.verdict) {
    case 'quota_exceeded':
      return isKeyUsedUp(decision)
        ? { name: 'key_monthly_limit', source: 'api_key' }
        : { name: 'monthly_limit', source: sourceOf(override, 'monthly_limit') };
    case 'concurrency_limited':
      return { name: 'concurrent_limit', source: sourceOf(override, 'concurrent_limit') };
    case 'file_too_large': {
      const megabytes = override?.max_file_size_mb ?? planMegabytes;
      const isOwn =
        typeof megabytes === 'number' && megabytes * megabyte === decision.file_bytes_max;
      const source = isOwn ? sourceOf(override, 'max_file_size_mb') : 'operator';
      return { name: 'max_file_size', source };
    }
    case 'queue_full':
      return { name: 'queue_limit', source: 'operator' };
    case 'spend_cap_reached':
      return { name: 'spend_cap', source: 'workspace' };
    case 'payment_overdue':
      return { name: 'payment', source: 'workspace' };
    case 'suspended':
      return { name: 'suspension', source: 'operator' };
  }
}

type Overridable = 'monthly_limit' | 'concurrent_limit' | 'max_file_size_mb' | 'overage_price';

function sourceOf(override: Overrides | null, limit: Overridable): 'plan' | 'override' {
  return (override?.[limit] ?? null) === null ? 'plan' : 'override';
}

function nextFree(record: RefusalRecord): UsageDecision['next_free'] {
  const { decision, slot_seconds: slotSeconds } = record;
  switch (decision.verdict) {
    case 'quota_exceeded':
    case 'spend_cap_reached':
      return { kind: 'unit', at: decision.period_end };
    case 'concurrency_limited':
    case 'queue_full': {
      if (slotSeconds === null) return null;
      const atMs = Date.parse(record.created_at) + slotSeconds * 1_000;
      return { kind: 'slot', at: new Date(atMs).toISOString() };
    }
    case 'payment_overdue':
    case 'file_too_large':
    case 'suspended':
      return null;
  }
}

/** A conversion past the limit, and its price, from what was stamped when it was counted. */
export function explainCharge(record: ChargeRecord): Explained {
  const { override, currency } = record;
  const ofOverride = override?.monthly_limit ?? null;
  const limit = ofOverride === null ? record.plan_limit : ofOverride;
  const unitAmount = record.unit_amount ?? '0';
  return {
    object: 'usage_decision',
    outcome: 'charged',
    verdict: 'allowed_overage',
    detail:
      `${record.used} conversions of this period were counted before it, ${limit} are included: ` +
      `it is past the limit, at ${unitAmount} ${currency.toUpperCase()}.`,
    decided_at: record.completed_at,
    job_id: record.job_id,
    plan: { id: record.plan_id, name: record.plan_name, version: record.plan_version },
    override,
    rule: { name: 'monthly_limit', source: sourceOf(override, 'monthly_limit') },
    numbers: {
      limit: typeof limit === 'number' ? limit : null,
      used: record.used,
      reserved: null,
      concurrent_limit: null,
      active: null,
      queued: null,
      file_bytes_max: null,
      key_limit: null,
      key_used: null,
      spend_cap_minor: null,
    },
    price: { unit_amount: unitAmount, currency, source: sourceOf(override, 'overage_price') },
    period: { start: record.period_start, end: record.period_end },
    next_free: { kind: 'unit', at: record.period_end },
  };
}
