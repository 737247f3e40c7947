import { Group, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { StripeEvent } from '@mutate/sdk';
import { useState } from 'react';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { More } from '../../components/More.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { usePagesOfList } from '../../pages-of-list.ts';
import { platform } from '../../session.ts';
import { EventRows } from './stripe-events/EventRows.tsx';

const statuses = ['waiting', 'failed', 'processed', 'ignored'] as const;

export function Component() {
  const [status, setStatus] = useState<string | null>(null);
  const [text, setText] = useState('');
  const [type] = useDebouncedValue(text.trim(), 250);
  const events = usePagesOfList<StripeEvent>({
    queryKey: ['admin', 'stripe-events', status, type],
    refetchMs: 10_000,
    fetchPage: (cursor, signal) =>
      platform.admin.stripeEventsPage({
        cursor,
        signal,
        limit: 25,
        status: statuses.find((known) => known === status),
        type: type === '' ? undefined : type,
      }),
  });
  return (
    <Page
      title="Stripe events"
      about="What the payment provider told, and what became of it. To replay one looks again at what it is about: that mends what is wrong and changes nothing that is right."
    >
      <Panel isFlush>
        <Group gap="sm" p="md" align="flex-end">
          <Select
            label="Status"
            placeholder="All"
            clearable
            w={150}
            data={[...statuses]}
            value={status}
            onChange={setStatus}
          />
          <TextInput
            label="Type"
            placeholder="invoice.paid"
            w={260}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </Group>
        <Loaded query={events} lines={8}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No events here">
                {status === null && type === ''
                  ? 'They come with the first subscription.'
                  : 'None fits these filters.'}
              </Empty>
            ) : (
              <EventRows events={data} />
            )
          }
        </Loaded>
        <More pages={events} />
      </Panel>
    </Page>
  );
}
