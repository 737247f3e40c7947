import { Anchor, Text } from '@mantine/core';
import type { AdminWorkspace } from '@mutate/sdk';
import { Link } from 'react-router';
import { Meter } from '../../../components/Meter.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { formatCount } from '../../../format.ts';
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
        { header: 'State', cell: (workspace) => <WorkspaceBadge workspace={workspace} /> },
      ]}
    />
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
