import type { Revenue } from '@mutate/sdk';
import { Panel } from '../../../components/Panel.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { formatCount, formatMinor } from '../../../format.ts';

export type RevenueMonth = Revenue['months'][number];

/** What came and what went, month by month, in one currency. */
export function Movements({ months }: { months: readonly RevenueMonth[] }) {
  return (
    <Panel title="Month by month" isFlush>
      <Rows
        caption="What came and went of what recurs"
        rows={months}
        keyOf={({ month }) => month}
        columns={[
          {
            header: 'Month',
            cell: ({ month }) => monthInWords(month),
          },
          {
            header: 'Began with',
            isNumeric: true,
            cell: (of) =>
              withCustomers(of.recurring_start_minor, of.paying_start_count, of.currency),
          },
          {
            header: 'New',
            isNumeric: true,
            cell: (of) => withCustomers(of.new_minor, of.new_count, of.currency),
          },
          {
            header: 'Dearer plans',
            isNumeric: true,
            cell: (of) => formatMinor(of.expansion_minor, of.currency),
          },
          {
            header: 'Cheaper plans',
            isNumeric: true,
            cell: (of) => formatMinor(0 - of.contraction_minor, of.currency),
          },
          {
            header: 'Lost',
            isNumeric: true,
            cell: (of) => withCustomers(0 - of.lost_minor, of.lost_count, of.currency),
          },
          { header: 'Churn', isNumeric: true, cell: (of) => churnOf(of) },
        ]}
      />
    </Panel>
  );
}

/** The part of those who paid as the month began that was lost in it. */
export function churnOf({ lost_count: lost, paying_start_count: start }: RevenueMonth): string {
  return start === 0 ? 'none yet' : `${((lost / start) * 100).toFixed(1)} %`;
}

export function monthInWords(month: string): string {
  const words = new Intl.DateTimeFormat('en', { month: 'short', year: 'numeric', timeZone: 'UTC' });
  return words.format(new Date(`${month}-01T00:00:00Z`));
}

function withCustomers(minor: number, customers: number, currency: string): string {
  return `${formatMinor(minor, currency)} (${formatCount(customers)})`;
}
