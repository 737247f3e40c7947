import { Button, Group, Text } from '@mantine/core';
import type { LoginSession } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Badge } from '../../components/Badge.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { Problem } from '../../components/Problem.tsx';
import { Rows } from '../../components/Rows.tsx';
import { formatAgo } from '../../format.ts';
import { login } from '../../session.ts';

/** Every browser that is signed in, and the way to sign it out. */
export function Sessions() {
  const queries = useQueryClient();
  const sessions = useQuery({
    queryKey: ['sessions'],
    queryFn: ({ signal }) => login.sessions({ signal }),
  });
  const end = useMutation({
    mutationFn: (id: string | null) =>
      id === null ? login.endOtherSessions() : login.endSession(id),
    onSettled: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  });
  return (
    <Loaded query={sessions}>
      {(data) => (
        <>
          {end.isError ? <Problem error={end.error} /> : null}
          <SessionRows sessions={data} onEnd={(id) => end.mutate(id)} />
          {data.length < 2 ? null : (
            <Group p="md" justify="flex-end">
              <Button variant="default" onClick={() => end.mutate(null)}>
                Sign out everywhere else
              </Button>
            </Group>
          )}
        </>
      )}
    </Loaded>
  );
}

interface SessionRowsProps {
  sessions: readonly LoginSession[];
  onEnd: (id: string) => void;
}

function SessionRows({ sessions, onEnd }: SessionRowsProps) {
  return (
    <Rows
      caption="Sessions"
      rows={sessions}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'Browser',
          cell: ({ user_agent: agent }) => <Text size="sm">{nameOf(agent)}</Text>,
        },
        { header: 'Address', cell: ({ ip_address: address }) => address ?? 'unknown' },
        { header: 'Since', cell: ({ created_at: at }) => formatAgo(at) },
        {
          header: 'Sign out',
          isQuiet: true,
          isNumeric: true,
          cell: ({ id, current }) =>
            current ? (
              <Badge tone="live">this one</Badge>
            ) : (
              <Button size="xs" variant="default" onClick={() => onEnd(id)}>
                Sign out
              </Button>
            ),
        },
      ]}
    />
  );
}

/** Enough to tell one from another. */
function nameOf(agent: string | null): string {
  if (agent === null) return 'unknown';
  const browser = /(Firefox|Edg|Chrome|Safari)\//.exec(agent)?.[1]?.replace('Edg', 'Edge');
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent)?.[1];
  return browser === undefined ? agent.slice(0, 40) : `${browser} on ${system ?? 'unknown'}`;
}
