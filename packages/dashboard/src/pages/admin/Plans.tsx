import { Anchor, Button, Text } from '@mantine/core';
import type { AdminPlan } from '@mutate/sdk';
import { Link } from 'react-router';
import { Badge } from '../../components/Badge.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { More } from '../../components/More.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Rows } from '../../components/Rows.tsx';
import { formatCount, formatLimit, formatMinor } from '../../format.ts';
import { usePagesOfList } from '../../pages-of-list.ts';
import { platform } from '../../session.ts';

export function Component() {
  const plans = usePagesOfList<AdminPlan>({
    queryKey: ['admin', 'plans'],
    fetchPage: (cursor, signal) => platform.admin.plans.page({ cursor, signal, limit: 50 }),
  });
  return (
    <Page
      title="Plans"
      about="What is sold. A changed limit or price makes a new version; who bought an older one keeps it."
      actions={
        <Button component={Link} to="/admin/plans/new">
          New plan
        </Button>
      }
    >
      <Panel isFlush>
        <Loaded query={plans} lines={8}>
          {(data) => <PlanRows plans={data} />}
        </Loaded>
        <More pages={plans} />
      </Panel>
    </Page>
  );
}

function PlanRows({ plans }: { plans: readonly AdminPlan[] }) {
  return (
    <Rows
      caption="Plans"
      rows={plans}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'Plan',
          cell: ({ id, name }) => (
            <div>
              <Anchor component={Link} to={`/admin/plans/${id}`} size="sm" fw={500}>
                {name}
              </Anchor>
              <Text size="xs" c="dimmed" className="breakable">
                {id}
              </Text>
            </div>
          ),
        },
        { header: 'Version', isNumeric: true, cell: ({ version }) => version },
        {
          header: 'Conversions',
          isNumeric: true,
          cell: ({ monthly_conversion_limit: limit }) => formatLimit(limit),
        },
        { header: 'A month', isNumeric: true, cell: (plan) => priceOf(plan) },
        {
          header: 'Workspaces',
          isNumeric: true,
          cell: ({ id, workspace_count: count }) => (
            <Anchor component={Link} to={`/admin?sort=newest&plan=${id}`} size="sm">
              {formatCount(count)}
            </Anchor>
          ),
        },
        { header: 'State', cell: (plan) => <PlanBadge plan={plan} /> },
      ]}
    />
  );
}

function PlanBadge({ plan }: { plan: AdminPlan }) {
  if (!plan.active) return <Badge tone="calm">archived</Badge>;
  if (plan.workspace_id !== null) return <Badge tone="live">custom</Badge>;
  return plan.self_service ? (
    <Badge tone="good">on sale</Badge>
  ) : (
    <Badge tone="calm">assigned only</Badge>
  );
}

/** In dollars where there are some, else in its first currency. */
function priceOf({ prices }: AdminPlan): string {
  const monthly = prices.filter(({ interval }) => interval === 'month');
  const price = monthly.find(({ currency }) => currency === 'usd') ?? monthly[0];
  return price === undefined ? 'none' : formatMinor(price.amount_minor, price.currency);
}
