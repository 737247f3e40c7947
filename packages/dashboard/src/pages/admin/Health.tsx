import { SimpleGrid, Text } from '@mantine/core';
import type { Health } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { Badge } from '../../components/Badge.tsx';
import { Empty } from '../../components/Empty.tsx';
import { Facts } from '../../components/Facts.tsx';
import { Figure } from '../../components/Figure.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Meter } from '../../components/Meter.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Rows } from '../../components/Rows.tsx';
import { formatAgo, formatBytes, formatCount, formatDuration } from '../../format.ts';
import { platform } from '../../session.ts';
import { Endpoints } from './health/Endpoints.tsx';

export function Component() {
  const health = useQuery({
    queryKey: ['admin', 'health'],
    queryFn: ({ signal }) => platform.admin.health({ signal }),
    refetchInterval: 3_000,
  });
  return (
    <Page title="System health" about="What waits, what is missing, and what is refused.">
      <Loaded query={health} lines={10}>
        {(data) => (
          <>
            <Figures health={data} />
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg" verticalSpacing="lg">
              <Backlog health={data} />
              <Outcomes outcomes={data.outcomes} />
            </SimpleGrid>
            <Endpoints endpoints={data.endpoints} />
            <Types types={data.types} />
            <Engines engines={data.engines} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Figures({ health: { conversions, converters, process_count: processes } }: Props) {
  const { queued, running, oldest_queued_at: oldest, expired_leases: expired } = conversions;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="md">
      <Figure
        label="Waiting"
        figure={formatCount(queued)}
        of={queued === 1 ? 'conversion' : 'conversions'}
        about={oldest === null ? 'Nobody waits' : `The first came ${formatAgo(oldest)}`}
      />
      <Figure
        label="Running"
        figure={formatCount(running)}
        of={running === 1 ? 'conversion' : 'conversions'}
        about={
          expired === 0 ? 'Every lease is kept' : `${formatCount(expired)} lost who worked on it`
        }
      />
      <Figure
        label="Converters"
        figure={formatCount(converters.busy)}
        of={`of ${formatCount(converters.processes)} busy`}
        about={`${formatCount(converters.waiting)} waiting for one, in the process that answered`}
      >
        <Meter label="Converters busy" used={converters.busy} limit={converters.processes} />
      </Figure>
      <Figure
        label="Processes"
        figure={formatCount(processes)}
        about="API servers and workers on this database"
      />
    </SimpleGrid>
  );
}

interface Props {
  health: Health;
}

function Backlog({ health: { backlog, database } }: Props) {
  return (
    <Panel title="Beside the requests">
      <Facts
        facts={[
          ['Announcements to send', formatCount(backlog.announcements)],
          ['Payment events to look at', formatCount(backlog.payment_events)],
          ['… of which failed before', formatCount(backlog.payment_events_failed)],
          ['Workspaces charged twice', formatCount(backlog.extra_subscriptions)],
          ['Work that is due', formatCount(backlog.due_work)],
          ['PostgreSQL', `${database.version}, ${formatBytes(database.size_bytes)}`],
        ]}
      />
    </Panel>
  );
}

function Outcomes({ outcomes }: { outcomes: Health['outcomes'] }) {
  return (
    <Panel title="Refused and failed, 24 hours" isFlush>
      {outcomes.length === 0 ? (
        <Empty title="Nothing was refused" />
      ) : (
        <Rows
          caption="Refusals and failures"
          rows={outcomes}
          keyOf={({ outcome, reason }) => `${outcome} ${reason}`}
          columns={[
            { header: 'What', cell: ({ outcome }) => outcome },
            { header: 'Why', cell: ({ reason }) => reason.replaceAll('_', ' ') },
            { header: 'Times', isNumeric: true, cell: ({ count }) => formatCount(count) },
            {
              header: 'Workspaces',
              isNumeric: true,
              cell: ({ workspace_count: count }) => formatCount(count),
            },
          ]}
        />
      )}
    </Panel>
  );
}

function Engines({ engines }: { engines: Health['engines'] }) {
  return (
    <Panel title="Engines" isFlush>
      <Rows
        caption="Engines"
        rows={engines.toSorted((a, b) => Number(a.available) - Number(b.available))}
        keyOf={({ name }) => name}
        columns={[
          { header: 'Engine', cell: ({ name }) => <span className="mono">{name}</span> },
          {
            header: 'State',
            cell: ({ available }) => (
              <Badge tone={available ? 'good' : 'warn'}>{available ? 'ready' : 'missing'}</Badge>
            ),
          },
          {
            header: 'Conversions',
            isNumeric: true,
            cell: ({ conversion_types: types }) => formatCount(types),
          },
          {
            header: 'Why',
            cell: ({ reason }) => (
              <Text size="sm" c="dimmed" className="breakable">
                {reason ?? ''}
              </Text>
            ),
          },
        ]}
      />
    </Panel>
  );
}

function Types({ types }: { types: Health['types'] }) {
  return (
    <Panel title="Slowest conversions, 24 hours" isFlush>
      {types.length === 0 ? (
        <Empty title="Nothing was converted today" />
      ) : (
        <Rows
          caption="Conversions by type"
          rows={types}
          keyOf={({ type }) => type}
          columns={[
            { header: 'Type', cell: ({ type }) => <span className="mono">{type}</span> },
            {
              header: 'On average',
              isNumeric: true,
              cell: ({ average_ms: ms }) => formatDuration(ms),
            },
            { header: 'Done', isNumeric: true, cell: (type) => formatCount(type.conversions) },
            { header: 'Failed', isNumeric: true, cell: ({ failed }) => formatCount(failed) },
          ]}
        />
      )}
    </Panel>
  );
}
