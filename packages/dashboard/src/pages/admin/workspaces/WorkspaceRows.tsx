import { Anchor, Text } from '@mantine/core';
import type { AdminWorkspace } from '@mutate/sdk';
import { Link } from 'react-router';
import { Meter } from '../../../components/Meter.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { formatCount, formatMinor } from '../../../format.ts';
import { WorkspaceBadge } from './WorkspaceBadge.tsx';

/** Workspaces as a table, with what they used of their limit. */
export function WorkspaceRows({ workspaces }: { workspaces: readonly AdminWorkspace[] }) {
  return (
    <Rows
      caption="Workspaces"
      rows={workspaces}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'Name',
          cell: ({ id, name, billing_email: email }) => (
            <div>
              <Anchor component={Link} to={`/admin/workspaces/${id}`} size="sm" fw={500}>
                {name}
              </Anchor>
              <Text size="xs" c="dimmed" className="breakable">
                {email ?? id}
              </Text>
            </div>
          ),
        },
        { header: 'Plan', cell: ({ subscription }) => subscription.plan.name },
        { header: 'Used', cell: (workspace) => <Used workspace={workspace} /> },
        {
          header: 'Past the limit',
          isNumeric: true,
          cell: ({ usage }) => formatCount(usage.overage),
        },
        {
          header: 'Brings a month',
          isNumeric: true,
          cell: (workspace) => <Brings {...workspace} />,
        },
        { header: 'State', cell: (workspace) => <WorkspaceBadge workspace={workspace} /> },
      ]}
    />
  );
}

/** What recurs, and below it what came past the limit until now. */
function Brings({ revenue }: AdminWorkspace) {
  const { currency, recurring_minor: recurring, overage_accruing_minor: overage } = revenue;
  return (
    <div>
      <Text size="sm">{recurring === 0 ? 'nothing' : formatMinor(recurring, currency)}</Text>
      {overage === 0 ? null : (
        <Text size="xs" c="dimmed">
          {formatMinor(overage, currency)} overage
        </Text>
      )}
    </div>
  );
}

function Used({ workspace: { name, usage } }: { workspace: AdminWorkspace }) {
  return (
    <div className="used">
      <Text size="sm" component="span">
        {formatCount(usage.used)}{' '}
        <Text span size="xs" c="dimmed">
          {usage.limit === null ? 'no limit' : `of ${formatCount(usage.limit)}`}
        </Text>
      </Text>
      <Meter
        label={`Used by ${name}`}
        used={usage.used}
        reserved={usage.reserved}
        limit={usage.limit}
      />
    </div>
  );
}
