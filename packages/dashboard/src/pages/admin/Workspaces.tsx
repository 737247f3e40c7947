import { Group, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { AdminWorkspace } from '@mutate/sdk';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { More } from '../../components/More.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { usePagesOfList } from '../../pages-of-list.ts';
import { platform } from '../../session.ts';
import { NewWorkspaceDialog } from './workspaces/NewWorkspaceDialog.tsx';
import { WorkspaceRows } from './workspaces/WorkspaceRows.tsx';

const orders = [
  { value: 'share', label: 'Nearest to the limit' },
  { value: 'usage', label: 'Most used' },
  { value: 'revenue', label: 'Most revenue' },
  { value: 'newest', label: 'Newest' },
] as const;

const states = [
  { value: 'near_limit', label: 'Near the limit' },
  { value: 'past_due', label: 'Past due' },
  { value: 'suspended', label: 'Suspended' },
];

export function Component() {
  const [search] = useSearchParams();
  const [text, setText] = useState('');
  const [sought] = useDebouncedValue(text.trim(), 250);
  const sort = orders.find(({ value }) => value === search.get('sort'))?.value ?? 'share';
  const state = search.get('state');
  const planId = search.get('plan') ?? undefined;
  const workspaces = usePagesOfList<AdminWorkspace>({
    queryKey: ['admin', 'workspaces', sought, sort, state, planId],
    fetchPage: (cursor, signal) =>
      platform.admin.workspaces.page({
        cursor,
        signal,
        limit: 25,
        sort,
        planId,
        search: sought === '' ? undefined : sought,
        nearLimit: state === 'near_limit' ? true : undefined,
        billingStatus: state === 'past_due' || state === 'suspended' ? state : undefined,
      }),
  });
  return (
    <Page
      title="Workspaces"
      about="Everybody who uses this server, and how much."
      actions={<NewWorkspaceDialog />}
    >
      <Panel isFlush>
        <Group gap="sm" p="md" align="flex-end">
          <TextInput
            label="Search"
            placeholder="Name, id or billing address"
            type="search"
            w={260}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Filters sort={sort} />
        </Group>
        <Loaded query={workspaces} lines={8}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No workspace fits">Take a filter away, or search for less.</Empty>
            ) : (
              <WorkspaceRows workspaces={data} />
            )
          }
        </Loaded>
        <More pages={workspaces} />
      </Panel>
    </Page>
  );
}

/** They are part of the address, so that a link shows the same. */
function Filters({ sort }: { sort: string }) {
  const [search, setSearch] = useSearchParams();
  const plans = useQuery({
    queryKey: ['admin', 'plans', 'names'],
    queryFn: ({ signal }) => platform.admin.plans.page({ limit: 100, signal }),
    staleTime: 60_000,
  });
  const set = (name: string) => (value: string | null) => {
    setSearch(
      (before) => {
        if (value === null) before.delete(name);
        else before.set(name, value);
        return before;
      },
      { replace: true },
    );
  };
  const planNames = (plans.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <>
      <Select
        label="Order"
        w={200}
        allowDeselect={false}
        data={orders}
        value={sort}
        onChange={set('sort')}
      />
      <Select
        label="State"
        w={170}
        placeholder="All"
        clearable
        data={states}
        value={search.get('state')}
        onChange={set('state')}
      />
      <Select
        label="Plan"
        w={170}
        placeholder="All"
        clearable
        data={planNames}
        value={search.get('plan')}
        onChange={set('plan')}
      />
    </>
  );
}
