import { Box, Button, Group, Text } from '@mantine/core';
import type { Billing, Subscription } from '@mutate/sdk';
import { Link } from 'react-router';
import { Badge, type Tone } from '../../components/Badge.tsx';
import { Confirm } from '../../components/Confirm.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Panel } from '../../components/Panel.tsx';
import { formatDate, formatLimit, formatMinor } from '../../format.ts';
import { useApi, useMe, useTimeZone, useWorkspaceId } from '../../session.ts';
import { EndNow } from './EndNow.tsx';
import { useReloadBilling } from './use-reload-billing.ts';

interface PlanPanelProps {
  billing: Billing;
  subscription: Subscription;
}

const tones: Record<Subscription['status'], Tone> = {
  trialing: 'live',
  active: 'good',
  past_due: 'bad',
  unpaid: 'bad',
  paused: 'warn',
  cancelled: 'calm',
  incomplete: 'warn',
};

/** What the workspace is on, what comes next, and the way out of it. */
export function PlanPanel({ billing, subscription }: PlanPanelProps) {
  const workspaceId = useWorkspaceId();
  const timeZone = useTimeZone();
  const { plan, interval, status, current_period_end: end } = subscription;
  const price = priceOf(subscription);
  const isPaid = subscription.stripe_subscription_id !== null;
  const isOperator = useMe().data?.is_super_admin === true;
  const reload = useReloadBilling();
  return (
    <Panel title="Plan" actions={<Badge tone={tones[status]}>{status.replace('_', ' ')}</Badge>}>
      <Box mb="md">
        <span className="figure">{plan.name}</span>{' '}
        <Text component="span" size="sm" c="dimmed">
          {price === null ? '' : `${price} a ${interval}`}
        </Text>
      </Box>
      <Facts
        facts={[
          ['Conversions', formatLimit(plan.monthly_conversion_limit, ' a usage period')],
          ['At once', formatLimit(plan.concurrent_conversion_limit)],
          ['Largest file', formatLimit(plan.max_file_size_mb, ' MB')],
          ...(isPaid
            ? [[lastDayLabel(subscription), formatDate(end, timeZone)] as const]
            : [['Paid', 'nothing is charged for it'] as const]),
          ['Next invoice', nextInvoice(billing, timeZone)],
        ]}
      />
      <Group mt="md" gap="sm">
        <Button component={Link} to={`/${workspaceId}/billing/plans`} size="xs">
          Change plan
        </Button>
        {isPaid && !subscription.cancel_at_period_end ? (
          <CancelButton subscription={subscription} />
        ) : null}
        {isPaid && isOperator ? (
          <EndNow workspaceId={workspaceId} subscription={subscription} reload={reload} />
        ) : null}
      </Group>
    </Panel>
  );
}

function CancelButton({ subscription }: { subscription: Subscription }) {
  const api = useApi();
  const reload = useReloadBilling();
  const timeZone = useTimeZone();
  const day = formatDate(subscription.current_period_end, timeZone);
  return (
    <Confirm
      label="Cancel"
      title={`End ${subscription.plan.name}?`}
      onConfirm={async () => {
        await api.subscription.cancel();
        await reload();
      }}
    >
      It stays yours until {day}, then the workspace is on Free. Until then you can resume it. What
      was converted past the limit is billed at the end. To end it sooner, ask whoever runs this
      server.
    </Confirm>
  );
}

function lastDayLabel({ cancel_at_period_end: ends, status }: Subscription): string {
  if (ends) return 'Ends on';
  return status === 'trialing' ? 'Trial ends on' : 'Renews on';
}

function nextInvoice({ next_invoice: next }: Billing, timeZone: string): string {
  if (next === null) return 'none';
  const amount = formatMinor(next.amount_due_minor, next.currency);
  return `${amount} on ${formatDate(next.due_at, timeZone)}, and overage until then`;
}

function priceOf({ plan, interval, currency }: Subscription): string | null {
  const price = plan.prices.find((one) => one.interval === interval && one.currency === currency);
  return price === undefined ? null : formatMinor(price.amount_minor, currency);
}
