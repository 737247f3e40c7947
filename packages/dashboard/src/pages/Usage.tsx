import { Button, Menu, SegmentedControl, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { firstDateOfSpan, useNow } from '../business-time.ts';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { useApi, useWorkspaceId } from '../session.ts';
import { Limits } from './usage/Limits.tsx';
import { UsageAlerts } from './usage/UsageAlerts.tsx';
import { UsageCards } from './usage/UsageCards.tsx';
import { UsageChart } from './usage/UsageChart.tsx';
import { UsageTable, type Grouping } from './usage/UsageTable.tsx';
import { useUsage } from './usage/use-usage.ts';

const spans = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '12 months' },
];

export function Component() {
  const usage = useUsage();
  const [days, setDays] = useState('30');
  const [groupBy, setGroupBy] = useState<Grouping>('type');
  const from = firstDateOfSpan(useNow(), Number(days));
  return (
    <Page
      title="Usage"
      about="What was counted, by what and by whom. Failed conversions are never counted."
      actions={<Export from={from} />}
    >
      <Loaded query={usage} lines={5}>
        {(data) => (
          <Stack gap="md">
            <UsageAlerts usage={data} />
            <UsageCards usage={data} />
          </Stack>
        )}
      </Loaded>
      <Panel
        title="Over time"
        actions={
          <SegmentedControl
            size="xs"
            aria-label="Time"
            data={spans}
            value={days}
            onChange={setDays}
          />
        }
      >
        <History days={Number(days)} from={from} />
      </Panel>
      <Panel
        title="Breakdown"
        isFlush
        actions={
          <SegmentedControl
            size="xs"
            aria-label="Breakdown by"
            value={groupBy}
            onChange={setGroupBy}
            data={[
              { value: 'type', label: 'Type' },
              { value: 'api_key', label: 'API key' },
              { value: 'member', label: 'Member' },
            ]}
          />
        }
      >
        <UsageTable groupBy={groupBy} from={from} />
      </Panel>
      <Panel title="Limits in force">
        <Loaded query={usage}>{(data) => <Limits usage={data} />}</Loaded>
      </Panel>
    </Page>
  );
}

function History({ days, from }: { days: number; from: string }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const isMonthly = days > 90;
  const history = useQuery({
    queryKey: [workspaceId, 'usage', 'history', from, isMonthly],
    queryFn: ({ signal }) =>
      api.usage.history({ interval: isMonthly ? 'month' : 'day', from, signal }),
    refetchInterval: 30_000,
  });
  return (
    <Loaded query={history} lines={8}>
      {(buckets) => <UsageChart buckets={buckets} isMonthly={isMonthly} />}
    </Loaded>
  );
}

function Export({ from }: { from: string }) {
  const api = useApi();
  const download = async (format: 'csv' | 'ndjson') => {
    // An attachment: the page stays where it is.
    globalThis.location.assign(await api.usage.exportPath({ format, from }));
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default">Export</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>One row a counted conversion, since {from}</Menu.Label>
        <Menu.Item onClick={() => void download('csv')}>CSV</Menu.Item>
        <Menu.Item onClick={() => void download('ndjson')}>NDJSON</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
