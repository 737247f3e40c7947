import { Anchor, Group, SegmentedControl, Select, SimpleGrid } from '@mantine/core';
import type { Billing, BillingInterval, Plan, Subscription } from '@mutate/sdk';
import { useState } from 'react';
import { Link } from 'react-router';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { useWorkspaceId } from '../session.ts';
import { PlanCard } from './billing/PlanCard.tsx';
import { useBilling, useSubscription } from './billing/use-billing.ts';
import { usePlans } from './billing/use-plans.ts';

export function Component() {
  const workspaceId = useWorkspaceId();
  const plans = usePlans();
  const billing = useBilling();
  const subscription = useSubscription();
  return (
    <Page
      title="Plans"
      about={
        <Anchor component={Link} to={`/${workspaceId}/billing`} size="sm">
          Back to billing
        </Anchor>
      }
    >
      <Loaded query={plans} lines={8}>
        {(all) => (
          <Loaded query={billing}>
            {(account) => (
              <Loaded query={subscription}>
                {(current) => (
                  <Comparison
                    plans={withPresent(all, current)}
                    billing={account}
                    current={current}
                  />
                )}
              </Loaded>
            )}
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}

/** Who is on an archived plan sees it first: it is theirs, though nobody is offered it. */
function withPresent(plans: Plan[], { plan }: Subscription): Plan[] {
  return plans.some(({ id }) => id === plan.id) ? plans : [plan, ...plans];
}

interface ComparisonProps {
  plans: Plan[];
  billing: Billing;
  current: Subscription;
}

/** Once something was paid for, the currency stays what it was. */
function Comparison({ plans, billing, current }: ComparisonProps) {
  const [interval, setInterval] = useState<BillingInterval>(current.interval);
  const [chosen, setCurrency] = useState(billing.currency);
  const isFixed = current.stripe_subscription_id !== null;
  const currency = isFixed ? billing.currency : chosen;
  const currencies = [
    ...new Set(plans.flatMap(({ prices }) => prices.map((price) => price.currency))),
  ];
  return (
    <>
      <Group gap="md">
        <SegmentedControl
          aria-label="How often it is paid"
          value={interval}
          onChange={(value) => setInterval(value === 'year' ? 'year' : 'month')}
          data={[
            { value: 'month', label: 'Monthly' },
            { value: 'year', label: 'Yearly' },
          ]}
        />
        {isFixed ? null : (
          <Select
            aria-label="Currency"
            w={110}
            allowDeselect={false}
            data={currencies.map((value) => ({ value, label: value.toUpperCase() }))}
            value={currency}
            onChange={(value) => setCurrency(value ?? billing.currency)}
          />
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, xs: 2, lg: plans.length > 3 ? 4 : 3 }} spacing="md">
        {plans.map((plan) => (
          <PlanCard
            key={plan.id}
            plan={plan}
            interval={interval}
            currency={currency}
            current={current}
          />
        ))}
      </SimpleGrid>
    </>
  );
}
