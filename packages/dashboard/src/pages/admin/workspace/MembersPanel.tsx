import { Button, Text } from '@mantine/core';
import type { Member } from '@mutate/sdk';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Empty } from '../../../components/Empty.tsx';
import { Loaded } from '../../../components/Loaded.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { Problem } from '../../../components/Problem.tsx';
import { Rows } from '../../../components/Rows.tsx';
import { login, useApi, useWorkspaceId } from '../../../session.ts';

/** Who is in it, and looking through their eyes; that is recorded, and over after half an hour. */
export function MembersPanel() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const members = useQuery<Member[]>({
    queryKey: [workspaceId, 'members', 'all'],
    queryFn: () => Array.fromAsync(api.members.list()),
  });
  const act = useMutation({
    mutationFn: (userId: string) => login.impersonate(userId),
    // Everything on the page is somebody else's then: begin anew.
    onSuccess: () => globalThis.location.assign(`/${workspaceId}`),
  });
  return (
    <Panel title="Members" isFlush>
      {act.isError ? <Problem error={act.error} /> : null}
      <Loaded query={members} lines={3}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="Nobody is in it">Only keys and super admins work here.</Empty>
          ) : (
            <Rows
              caption="Members"
              rows={data}
              keyOf={({ id }) => id}
              columns={[
                { header: 'Name', cell: ({ name }) => name },
                {
                  header: 'Mail address',
                  cell: ({ email }) => (
                    <Text size="sm" className="breakable">
                      {email}
                    </Text>
                  ),
                },
                { header: 'Role', cell: ({ role }) => role },
                {
                  header: 'Act as them',
                  isQuiet: true,
                  isNumeric: true,
                  cell: ({ user_id: userId, email }) => (
                    <Button
                      size="xs"
                      variant="default"
                      aria-label={`Act as ${email}`}
                      loading={act.isPending && act.variables === userId}
                      onClick={() => act.mutate(userId)}
                    >
                      Act as
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}
