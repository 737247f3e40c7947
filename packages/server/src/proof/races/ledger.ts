import type { Completion, Decision, Release } from '../../metering/schema.ts';

/** What the callers were told, beside what they asked. */
export class Ledger {
  readonly counted = new Set<string>();
  readonly ended = new Set<string>();
  readonly mistakes: string[] = [];
  calls = 0;
  readonly verdicts = new Map<string, number>();

  decided(jobId: string, decision: Decision, mode: 'sync' | 'async'): void {
    const { verdict, used, reserved, active } = decision;
    this.verdicts.set(verdict, (this.verdicts.get(verdict) ?? 0) + 1);
    if (!verdict.startsWith('allowed')) return;
    const { monthly_limit: limit, concurrent_limit: slots, overage_policy: policy } = decision;
    if (verdict === 'allowed' && limit !== null && used + reserved + 1 > limit) {
      this.mistakes.push(`${jobId}: allowed unit ${used + reserved + 1} of ${limit}`);
    }
    if (verdict === 'allowed_overage' && policy === 'block') {
      this.mistakes.push(`${jobId}: overage was allowed under block`);
    }
    if (mode === 'sync' && slots !== null && active + 1 > slots) {
      this.mistakes.push(`${jobId}: given slot ${active + 1} of ${slots}`);
    }
  }

  completed(jobId: string, { result }: Completion): void {
    if (result === 'counted') {
      if (this.counted.has(jobId)) this.mistakes.push(`${jobId}: counted twice`);
      if (this.ended.has(jobId)) this.mistakes.push(`${jobId}: counted after it had ended`);
      this.counted.add(jobId);
    }
  }

  released(jobId: string, { result }: Release, status: 'failed' | 'cancelled' | 'retry'): void {
    if (result === 'stale' || status === 'retry') return;
    if (this.counted.has(jobId)) this.mistakes.push(`${jobId}: ended after it was counted`);
    if (this.ended.has(jobId)) this.mistakes.push(`${jobId}: ended twice`);
    this.ended.add(jobId);
  }
}
