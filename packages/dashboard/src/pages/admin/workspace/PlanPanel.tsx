import { Anchor, Button, Group, SegmentedControl, Select, Text } from '@mantine/core';
import type { AdminWorkspace, BillingInterval } from '@mutate/sdk';
import { useState } from 'react';
import { Link } from 'react-router';
import { ActionDialog } from '../../../components/ActionDialog.tsx';
import { Facts } from '../../../components/Facts.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { formatDate } from '../../../format.ts';
import { platform, useTimeZone } from '../../../session.ts';
import { EndNow } from '../../billing/EndNow.tsx';
import { TrialDialog } from './TrialDialog.tsx';
import { useOfferedPlans } from './use-offered-plans.ts';
import { useReload } from './use-reload.ts';

/** Which plan, in which version, and putting the workspace onto another. */
export function PlanPanel({ workspace }: { workspace: AdminWorkspace }) {
  const timeZone = useTimeZone();
  const { subscription } = workspace;
  const { plan, scheduled_change: scheduled } = subscription;
  const reload = useReload();
  return (
    <Panel
      title="Plan"
      actions={
        <Group gap="xs">
          <Button
            component={Link}
            to={`/admin/plans/new?workspace=${workspace.id}`}
            size="xs"
            variant="default"
          >
            Custom plan
          </Button>
          {subscription.stripe_subscription_id === null ? (
            <AssignDialog workspace={workspace} />
          ) : (
            <EndNow workspaceId={workspace.id} subscription={subscription} reload={reload} />
          )}
          <TrialDialog workspace={workspace} />
        </Group>
      }
    >
      <Facts
        facts={[
          [
            'Plan',
            <Anchor key="plan" component={Link} to={`/admin/plans/${plan.id}`} size="sm">
              {plan.name}, version {plan.version}
            </Anchor>,
          ],
          ['Status', subscription.status.replace('_', ' ')],
          [
            'Paid',
            subscription.stripe_subscription_id === null ? 'no, assigned' : 'by subscription',
          ],
          ['Interval', subscription.interval === 'year' ? 'yearly' : 'monthly'],
          ['Currency', subscription.currency.toUpperCase()],
          ['Billing period ends', formatDate(subscription.current_period_end, timeZone)],
          ...(scheduled === null
            ? []
            : [['Then', `${scheduled.plan_id}, ${scheduled.interval}ly`] as const]),
          ...(subscription.cancel_at_period_end ? [['Then', 'it ends'] as const] : []),
        ]}
      />
    </Panel>
  );
}

function AssignDialog({ workspace }: { workspace: AdminWorkspace }) {
  const reload = useReload();
  const { subscription } = workspace;
  const [planId, setPlanId] = useState<string | null>(null);
  const [interval, setInterval] = useState<BillingInterval>(subscription.interval);
  const offered = useOfferedPlans(workspace.id);
  return (
    <ActionDialog
      label="Assign a plan"
      title={`A plan for ${workspace.name}`}
      submitLabel="Assign"
      isDisabled={planId === null}
      onSubmit={async () => {
        if (planId === null) return;
        await platform.admin.workspaces.assignPlan(workspace.id, { plan_id: planId, interval });
        await reload();
      }}
    >
      <Text size="sm" c="dimmed">
        At once and without payment. Used conversions stay used.
      </Text>
      <Select
        label="Plan"
        required
        searchable
        data={offered.map(({ id, name, workspace_id: owner }) => ({
          value: id,
          label: owner === null ? name : `${name} (made for it)`,
        }))}
        value={planId}
        onChange={setPlanId}
      />
      <SegmentedControl
        aria-label="Interval"
        value={interval}
        onChange={(value) => setInterval(value === 'year' ? 'year' : 'month')}
        data={[
          { value: 'month', label: 'Monthly' },
          { value: 'year', label: 'Yearly' },
        ]}
      />
    </ActionDialog>
  );
}
