import { Anchor, Button, Text } from '@mantine/core';
import type { StripeEvent } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { Badge, type Tone } from '../../../components/Badge.tsx';
import { Id } from '../../../components/Copy.tsx';
import { Problem } from '../../../components/Problem.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { formatTime } from '../../../format.ts';
import { platform } from '../../../session.ts';

const tones: Record<StripeEvent['status'], Tone> = {
  waiting: 'live',
  failed: 'bad',
  processed: 'good',
  ignored: 'calm',
};

/** Events as a table, each of which can be played again. */
export function EventRows({ events }: { events: readonly StripeEvent[] }) {
  const queries = useQueryClient();
  const replay = useMutation({
    mutationFn: (id: string) => platform.admin.replayStripeEvent(id),
    onSettled: () => queries.invalidateQueries({ queryKey: ['admin', 'stripe-events'] }),
  });
  return (
    <>
      {replay.isError ? <Problem error={replay.error} /> : null}
      <Rows
        caption="Events"
        rows={events}
        keyOf={({ id }) => id}
        columns={[
          { header: 'When', cell: ({ created_at: at }) => formatTime(at, 'UTC') },
          {
            header: 'Event',
            cell: ({ id, type }) => (
              <div>
                <Text size="sm">{type}</Text>
                <Text size="xs" c="dimmed" component="div">
                  <Id>{id}</Id>
                </Text>
              </div>
            ),
          },
          { header: 'Workspace', cell: (event) => <Whose event={event} /> },
          { header: 'Status', cell: (event) => <Standing event={event} /> },
          {
            header: 'Replay',
            isQuiet: true,
            isNumeric: true,
            cell: ({ id, type }) => (
              <Button
                size="xs"
                variant="default"
                aria-label={`Replay ${type}`}
                loading={replay.isPending && replay.variables === id}
                onClick={() => replay.mutate(id)}
              >
                Replay
              </Button>
            ),
          },
        ]}
      />
    </>
  );
}

function Whose({ event: { workspace_id: id } }: { event: StripeEvent }) {
  if (id === null) return <Text size="sm">none</Text>;
  return (
    <Anchor component={Link} to={`/admin/workspaces/${id}`} size="xs" className="mono">
      {id.slice(0, 4)}…{id.slice(-6)}
    </Anchor>
  );
}

function Standing({ event }: { event: StripeEvent }) {
  const why = event.ignored_reason ?? event.last_error;
  return (
    <div>
      <Badge tone={tones[event.status]}>{event.status}</Badge>
      {why === null ? null : (
        <Text size="xs" c="dimmed" maw={260} className="breakable">
          {why}
        </Text>
      )}
    </div>
  );
}
