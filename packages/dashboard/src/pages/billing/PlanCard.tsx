import { Button, Group, Stack, Text, Title } from '@mantine/core';
import type { BillingInterval, Plan, Subscription } from '@mutate/sdk';
import { Link } from 'react-router';
import { Badge } from '../../components/Badge.tsx';
import { formatAmount, formatCount, formatMany, formatMinor } from '../../format.ts';
import { useWorkspaceId } from '../../session.ts';

interface PlanCardProps {
  plan: Plan;
  interval: BillingInterval;
  currency: string;
  current: Subscription;
}

/** What a plan gives and costs, and the way to it. */
export function PlanCard({ plan, interval, currency, current }: PlanCardProps) {
  const workspaceId = useWorkspaceId();
  const price = plan.prices.find((one) => one.interval === interval && one.currency === currency);
  const each = price?.overage_amount ?? null;
  const isCurrent = plan.id === current.plan.id;
  const isSame = isCurrent && (interval === current.interval || price?.amount_minor === 0);
  const isToChoose = plan.self_service && plan.active && price !== undefined && !isSame;
  const trialDays = trialDaysOf(plan, current);
  const query = new URLSearchParams({ plan: plan.id, interval, currency }).toString();
  return (
    <section className="panel plan-card" aria-label={plan.name}>
      <Stack gap="sm" p="md" h="100%">
        <Group justify="space-between" mih={24}>
          <Title order={2} fz={16}>
            {plan.name}
          </Title>
          {isCurrent ? <Badge tone="good">your plan</Badge> : null}
        </Group>
        <div>
          <span className="figure">
            {price === undefined ? 'By agreement' : formatMinor(price.amount_minor, currency)}
          </span>{' '}
          <Text component="span" size="sm" c="dimmed">
            {price === undefined || price.amount_minor === 0 ? '' : `a ${interval}`}
          </Text>
        </div>
        <ul className="gives">
          {trialDays === null ? null : <li>{formatMany(trialDays, 'day')} free to begin with</li>}
          <li>
            {plan.monthly_conversion_limit === null
              ? 'Unlimited conversions'
              : formatMany(plan.monthly_conversion_limit, 'conversion')}{' '}
            a month
          </li>
          <li>{amountOf(plan.concurrent_conversion_limit)} at once</li>
          <li>
            {plan.max_file_size_mb === null
              ? 'Files of any size'
              : `Files up to ${formatCount(plan.max_file_size_mb)} MB`}
          </li>
          <li>{formatMany(plan.rate_limit_per_minute, 'request')} a minute</li>
          <li>
            {each === null
              ? 'Nothing past the limit'
              : `${formatAmount(each, currency)} each past the limit, if you want`}
          </li>
        </ul>
        {isToChoose ? (
          <Button
            component={Link}
            to={`/${workspaceId}/billing/change?${query}`}
            variant={isCurrent ? 'default' : 'filled'}
            mt="auto"
            fullWidth
          >
            {offerInWords(plan, isCurrent ? interval : null, trialDays)}
          </Button>
        ) : (
          <Text size="xs" c="dimmed" mt="auto">
            {isSame ? 'This is what you have.' : 'Ask the operator for it.'}
          </Text>
        )}
      </Stack>
    </section>
  );
}

/** For a first subscription alone; whether it is one the preview says for sure. */
function trialDaysOf({ features }: Plan, current: Subscription): number | null {
  const days = features['trial_days'];
  const isFirst = current.stripe_subscription_id === null && current.status !== 'cancelled';
  return isFirst && typeof days === 'number' ? days : null;
}

function offerInWords({ name }: Plan, other: BillingInterval | null, trialDays: number | null) {
  if (trialDays !== null) return `Try ${name} for ${formatMany(trialDays, 'day')}`;
  return other === null ? `Choose ${name}` : `Pay by the ${other}`;
}

function amountOf(limit: number | null): string {
  return limit === null ? 'Unlimited' : formatCount(limit);
}
