import type { Usage } from '@mutate/sdk';
import { Facts } from '../../components/Facts.tsx';
import { formatCount, formatLimit, formatTime } from '../../format.ts';
import { useTimeZone } from '../../session.ts';
import { overagePriceInWords } from './overage-price.ts';

/** What the workspace may do at most, and who says so. */
export function Limits({ usage }: { usage: Usage }) {
  const timeZone = useTimeZone();
  const { conversions, concurrent, overage, overrides } = usage;
  const source = (isOverridden: boolean) => (isOverridden ? ' (set by the operator)' : '');
  const isSet = (value: unknown) => value !== null && value !== undefined;
  return (
    <Facts
      facts={[
        ['Plan', usage.plan.name],
        [
          'Period',
          `${formatTime(usage.period.start, timeZone)} to ${formatTime(usage.period.end, timeZone)}`,
        ],
        [
          'Conversions',
          formatLimit(conversions.limit, ' a period') + source(isSet(overrides?.monthly_limit)),
        ],
        ['At once', formatLimit(concurrent.limit) + source(isSet(overrides?.concurrent_limit))],
        [
          'File size',
          formatLimit(usage.max_file_size_mb, ' MB') + source(isSet(overrides?.max_file_size_mb)),
        ],
        [
          'Requests',
          `${formatCount(usage.rate_limit.per_minute)} a minute` +
            source(isSet(overrides?.rate_limit_per_minute)),
        ],
        [
          'Past the limit',
          overage.policy === 'charge' && overage.unit_amount !== null
            ? `${overagePriceInWords(overage)}${source(isSet(overrides?.overage_price))}`
            : overage.policy === 'warn'
              ? 'counted, at no charge'
              : 'refused',
        ],
      ]}
    />
  );
}
