import { Anchor, Button, Select, SimpleGrid } from '@mantine/core';
import type { Job, JobStatus } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { startOfSpan, useClock } from '../business-time.ts';
import { Empty } from '../components/Empty.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { More } from '../components/More.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { usePagesOfList } from '../pages-of-list.ts';
import { platform, useApi, useWorkspaceId } from '../session.ts';
import { JobRows } from './conversions/JobRows.tsx';

const statuses: JobStatus[] = [
  'queued',
  'processing',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
];

const ages = [
  { value: '1', label: 'Last 24 hours' },
  { value: '7', label: 'Last 7 days' },
  { value: '30', label: 'Last 30 days' },
];

export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const { now, isKnown } = useClock();
  const [search] = useSearchParams();
  const status = search.get('status');
  const type = search.get('type');
  const days = search.get('days');
  const jobs = usePagesOfList<Job>({
    queryKey: [workspaceId, 'conversions', status, type, days],
    refetchMs: 5_000,
    isReady: days === null || isKnown,
    fetchPage: (cursor, signal) =>
      api.conversions.page({
        cursor,
        signal,
        limit: 25,
        status: statuses.find((known) => known === status),
        type: type ?? undefined,
        createdAfter: days === null ? undefined : startOfSpan(now, Number(days)),
      }),
  });
  return (
    <Page
      title="Conversions"
      about="Everything that was asked for, from here or through the API."
      actions={
        <Button component={Link} to={`/${workspaceId}/convert`}>
          Convert a file
        </Button>
      }
    >
      <Panel isFlush>
        <Filters />
        <Loaded query={jobs} lines={8}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No conversions here">
                {search.size > 0 ? (
                  'None matches these filters.'
                ) : (
                  <Anchor component={Link} to={`/${workspaceId}/convert`}>
                    Convert your first file
                  </Anchor>
                )}
              </Empty>
            ) : (
              <JobRows jobs={data} />
            )
          }
        </Loaded>
        <More pages={jobs} />
      </Panel>
    </Page>
  );
}

/** They are part of the address, so that a link shows the same. */
function Filters() {
  const [search, setSearch] = useSearchParams();
  const field = (name: string) => ({
    value: search.get(name),
    clearable: true,
    onChange: (value: string | null) => {
      setSearch(
        (before) => {
          if (value === null) before.delete(name);
          else before.set(name, value);
          return before;
        },
        { replace: true },
      );
    },
  });
  return (
    <SimpleGrid cols={3} spacing="sm" p="md" maw={640}>
      <Select label="Status" placeholder="All" data={statuses} {...field('status')} />
      <TypeFilter {...field('type')} />
      <Select label="Time" placeholder="Always" data={ages} {...field('days')} />
    </SimpleGrid>
  );
}

function TypeFilter(props: { value: string | null; onChange: (value: string | null) => void }) {
  const formats = useQuery({
    queryKey: ['formats'],
    queryFn: ({ signal }) => platform.formats.list({ signal }),
    staleTime: Infinity,
  });
  return (
    <Select
      label="Type"
      placeholder="All"
      searchable
      limit={50}
      data={(formats.data ?? []).map(({ type }) => type)}
      {...props}
    />
  );
}
