import { Button, Group, Stack, Text, TextInput } from '@mantine/core';
import type { Clock, StripeEvent } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Problem } from '../../components/Problem.tsx';
import { formatTime } from '../../format.ts';
import { usePagesOfList } from '../../pages-of-list.ts';
import { platform } from '../../session.ts';
import { EventRows } from './stripe-events/EventRows.tsx';

export function Component() {
  const clock = useQuery({
    queryKey: ['admin', 'clock'],
    queryFn: ({ signal }) => platform.admin.clock({ signal }),
    refetchInterval: 5_000,
  });
  return (
    <Page
      title="Clock"
      about="Business time: what periods, invoices, grace and retention go by. With the simulator it can be moved forward, and what falls due on the way happens in order."
    >
      <Panel>
        <Loaded query={clock}>{(data) => <Mover clock={data} />}</Loaded>
      </Panel>
      <Panel title="What the provider told last" isFlush>
        <LatestEvents />
      </Panel>
    </Page>
  );
}

function Mover({ clock }: { clock: Clock }) {
  const queries = useQueryClient();
  const [to, setTo] = useState('');
  const move = useMutation({
    mutationFn: (time: Date) => platform.admin.advanceClock(time.toISOString()),
    onSettled: () => queries.invalidateQueries(),
  });
  const now = new Date(clock.now);
  const isSimulated = clock.billing_mode === 'simulator';
  const chosen = new Date(`${to}Z`);
  return (
    <Stack>
      <div>
        <Text size="sm" c="dimmed">
          It is
        </Text>
        <Text className="figure" component="div" role="status">
          {formatTime(clock.now, 'UTC')} UTC
        </Text>
      </div>
      {isSimulated ? (
        <>
          <Group gap="sm">
            {steps.map(({ label, days, months }) => (
              <Button
                key={label}
                variant="default"
                disabled={move.isPending}
                onClick={() => move.mutate(later(now, days, months))}
              >
                {label}
              </Button>
            ))}
          </Group>
          <Group gap="sm" align="flex-end">
            <TextInput
              label="Or to (UTC)"
              type="datetime-local"
              value={to}
              onChange={(event) => setTo(event.currentTarget.value)}
            />
            <Button
              disabled={Number.isNaN(chosen.getTime())}
              loading={move.isPending}
              onClick={() => move.mutate(chosen)}
            >
              Move there
            </Button>
          </Group>
          <Text size="sm" c="dimmed" role="status">
            {move.isPending ? 'Playing what falls due on the way …' : 'It never goes back.'}
          </Text>
        </>
      ) : (
        <Text size="sm">Stripe is behind this server: time goes by itself.</Text>
      )}
      {move.isError ? <Problem error={move.error} /> : null}
    </Stack>
  );
}

const steps = [
  { label: 'An hour ahead', days: 1 / 24, months: 0 },
  { label: 'A day ahead', days: 1, months: 0 },
  { label: 'A week ahead', days: 7, months: 0 },
  { label: 'A month ahead', days: 0, months: 1 },
];

/** Calendar months as the plans' periods count them: from the 31st to the last day. */
function later(now: Date, days: number, months: number): Date {
  const day = now.getUTCDate();
  const moved = new Date(now.getTime() + days * 86_400_000);
  if (months === 0) return moved;
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + months);
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0));
  moved.setUTCDate(Math.min(day, last.getUTCDate()));
  return moved;
}

function LatestEvents() {
  const events = usePagesOfList<StripeEvent>({
    queryKey: ['admin', 'stripe-events', 'latest'],
    refetchMs: 3_000,
    fetchPage: (cursor, signal) => platform.admin.stripeEventsPage({ cursor, signal, limit: 12 }),
  });
  return (
    <Loaded query={events} lines={6}>
      {(data) =>
        data.length === 0 ? (
          <Empty title="Nothing yet">Subscribe a workspace, then move time.</Empty>
        ) : (
          <EventRows events={data} />
        )
      }
    </Loaded>
  );
}
