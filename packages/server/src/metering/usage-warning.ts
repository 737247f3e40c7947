import type { Decision } from './schema.ts';

const warnFromPercent = 80;

/** The `Mutate-Usage-Warning` of a call past 80 % of the monthly limit; null below, or without one. */
export function describeUsage(decision: Decision): string | null {
  const { monthly_limit: limit, used, reserved } = decision;
  if (limit === null || limit === 0) return null;
  const percent = Math.floor(((used + reserved + 1) * 100) / limit);
  if (percent < warnFromPercent) return null;
  return `${percent}% of ${limit} conversions this month, resets at ${decision.period_end}`;
}
