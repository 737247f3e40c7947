import { Anchor, Button, Group, Text } from '@mantine/core';
import type { AdminPlanDetail, PlanVersion } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { Confirm } from '../../components/Confirm.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Problem } from '../../components/Problem.tsx';
import { Rows } from '../../components/Rows.tsx';
import { formatCount, formatLimit, formatMany, formatMinor, formatTime } from '../../format.ts';
import { platform } from '../../session.ts';
import { MoveDialog } from './plans/MoveDialog.tsx';
import { Moves } from './plans/Moves.tsx';
import { PlanEditor } from './plans/PlanEditor.tsx';

export function Component() {
  const { planId = '' } = useParams();
  const plan = useQuery({
    queryKey: ['admin', 'plan', planId],
    queryFn: ({ signal }) => platform.admin.plans.get(planId, { signal }),
  });
  return (
    <Page
      title={plan.data?.name ?? 'Plan'}
      about={
        <Anchor component={Link} to="/admin/plans" size="sm">
          All plans
        </Anchor>
      }
      actions={plan.data === undefined ? null : <ArchiveButton plan={plan.data} />}
    >
      <Loaded query={plan} lines={10}>
        {(data) => (
          <>
            {data.workspace_id === null ? null : <Owner workspaceId={data.workspace_id} />}
            <PlanEditor key={`${data.id} ${data.updated_at}`} plan={data} />
            <Panel title="Versions" isFlush actions={<MoveDialog plan={data} />}>
              <VersionRows plan={data} />
            </Panel>
            <Moves plan={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Owner({ workspaceId }: { workspaceId: string }) {
  return (
    <Text size="sm">
      Made for{' '}
      <Anchor component={Link} to={`/admin/workspaces/${workspaceId}`} size="sm">
        one workspace
      </Anchor>
      ; nobody else sees it.
    </Text>
  );
}

function ArchiveButton({ plan }: { plan: AdminPlanDetail }) {
  const queries = useQueryClient();
  const reload = () => queries.invalidateQueries({ queryKey: ['admin'] });
  const offer = useMutation({
    mutationFn: () => platform.admin.plans.update(plan.id, { active: true }),
    onSuccess: reload,
  });
  if (plan.active) {
    return (
      <Confirm
        label="Archive"
        title={`Archive ${plan.name}?`}
        onConfirm={async () => {
          await platform.admin.plans.archive(plan.id);
          await reload();
        }}
      >
        Nobody new comes onto it, and it can be offered again. Who is on it stays:{' '}
        {formatMany(plan.workspace_count, 'workspace')}.
      </Confirm>
    );
  }
  return (
    <Group>
      <Button size="xs" loading={offer.isPending} onClick={() => offer.mutate()}>
        Offer it again
      </Button>
      {offer.isError ? <Problem error={offer.error} /> : null}
    </Group>
  );
}

function VersionRows({ plan }: { plan: AdminPlanDetail }) {
  return (
    <Rows
      caption="Versions"
      rows={plan.versions}
      keyOf={({ version }) => String(version)}
      columns={[
        {
          header: 'Version',
          cell: ({ version }) => (version === plan.version ? `${version}, on sale` : version),
        },
        { header: 'Since', cell: ({ created_at: at }) => formatTime(at, 'UTC') },
        {
          header: 'Conversions',
          isNumeric: true,
          cell: ({ monthly_conversion_limit: limit }) => formatLimit(limit),
        },
        {
          header: 'At once',
          isNumeric: true,
          cell: ({ concurrent_conversion_limit: limit }) => formatLimit(limit),
        },
        { header: 'A month', cell: (version) => pricesOf(version) },
        {
          header: 'Workspaces',
          isNumeric: true,
          cell: ({ workspace_count: count }) => formatCount(count),
        },
      ]}
    />
  );
}

function pricesOf({ prices }: PlanVersion): string {
  const monthly = prices.filter(({ interval }) => interval === 'month');
  return monthly.map((price) => formatMinor(price.amount_minor, price.currency)).join(', ');
}
