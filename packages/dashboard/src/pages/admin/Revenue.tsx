import { Select, SimpleGrid } from '@mantine/core';
import type { Revenue } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Empty } from '../../components/Empty.tsx';
import { Figure } from '../../components/Figure.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Rows } from '../../components/Rows.tsx';
import { formatCount, formatMany, formatMinor } from '../../format.ts';
import { platform } from '../../session.ts';
import { churnOf, monthInWords, Movements, type RevenueMonth } from './revenue/Movements.tsx';

export function Component() {
  const revenue = useQuery({
    queryKey: ['admin', 'revenue'],
    queryFn: ({ signal }) => platform.admin.revenue({ signal }),
  });
  return (
    <Page
      title="Revenue"
      about="Each currency by itself, nothing converted. A yearly price counts as a twelfth a month; trials and assigned plans count nothing."
    >
      <Loaded query={revenue} lines={8}>
        {({ currencies, months, plans }) =>
          currencies.length === 0 ? (
            <Panel>
              <Empty title="Nobody pays yet">
                What recurs and what overage brings shows here with the first subscription.
              </Empty>
            </Panel>
          ) : (
            <>
              <InOneCurrency currencies={currencies} months={months} />
              <Panel title="By plan" isFlush>
                <PlanRows plans={plans} />
              </Panel>
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

interface InOneCurrencyProps {
  currencies: Revenue['currencies'];
  months: Revenue['months'];
}

/** The one that brings most at first; each says beforehand what recurs in it. */
function InOneCurrency({ currencies, months }: InOneCurrencyProps) {
  const [chosen, setChosen] = useState(currencies[0]?.currency ?? '');
  const revenue = currencies.find(({ currency }) => currency === chosen) ?? currencies[0];
  if (revenue === undefined) return null;
  const ofIt = months.filter(({ currency }) => currency === revenue.currency);
  return (
    <>
      {currencies.length === 1 ? null : (
        <Select
          aria-label="Currency"
          w={220}
          allowDeselect={false}
          value={revenue.currency}
          onChange={(value) => setChosen(value ?? '')}
          data={currencies.map(({ currency, recurring_minor: minor }) => ({
            value: currency,
            label: `${currency.toUpperCase()}, ${formatMinor(minor, currency)} a month`,
          }))}
        />
      )}
      <CurrencyFigures revenue={revenue} month={ofIt[0]} />
      {ofIt.length === 0 ? null : <Movements months={ofIt} />}
    </>
  );
}

interface CurrencyProps {
  revenue: Revenue['currencies'][number];
  /** The running one. */
  month: RevenueMonth | undefined;
}

function CurrencyFigures({ revenue, month }: CurrencyProps) {
  const money = (minor: number) => formatMinor(minor, revenue.currency);
  const { paying_count: paying, trialing_count: trialing } = revenue;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
      <Figure
        label="Recurring, a month"
        figure={money(revenue.recurring_minor)}
        about={`${formatCount(paying)} paying, ${formatCount(trialing)} trying`}
      />
      <Figure
        label="At risk"
        figure={money(revenue.recurring_past_due_minor)}
        of="past due"
        about={`${money(revenue.recurring_ending_minor)} ends with its period`}
      />
      {month === undefined ? null : <MonthFigures month={month} />}
      <Figure
        label="Overage, running periods"
        figure={money(revenue.overage_accruing_minor)}
        about={`${money(revenue.overage_billed_minor)} billed in the last 30 days`}
      />
      <Figure
        label="Paid, last 30 days"
        figure={money(revenue.paid_minor)}
        about="On invoices, what was given back taken off"
      />
    </SimpleGrid>
  );
}

/** What came and what went since the month began. */
function MonthFigures({ month }: { month: RevenueMonth }) {
  const money = (minor: number) => formatMinor(minor, month.currency);
  const { new_count: came, lost_count: lost } = month;
  return (
    <>
      <Figure
        label={`New in ${monthInWords(month.month)}`}
        figure={money(month.new_minor)}
        of={customersInWords(came)}
        about={`and ${money(month.expansion_minor)} by dearer plans`}
      />
      <Figure
        label={`Lost in ${monthInWords(month.month)}`}
        figure={money(month.lost_minor)}
        of={customersInWords(lost)}
        about={`${churnOf(month)} churn, and ${money(month.contraction_minor)} by cheaper plans`}
      />
    </>
  );
}

function customersInWords(count: number): string {
  return formatMany(count, 'customer');
}

function PlanRows({ plans }: { plans: Revenue['plans'] }) {
  return (
    <Rows
      caption="Revenue by plan"
      rows={plans}
      keyOf={({ plan_id: id, currency }) => `${id} ${currency}`}
      columns={[
        { header: 'Plan', cell: ({ name }) => name },
        { header: 'Currency', cell: ({ currency }) => currency.toUpperCase() },
        { header: 'Paying', isNumeric: true, cell: (plan) => formatCount(plan.paying_count) },
        {
          header: 'Recurring, a month',
          isNumeric: true,
          cell: ({ recurring_minor: minor, currency }) => formatMinor(minor, currency),
        },
      ]}
    />
  );
}
