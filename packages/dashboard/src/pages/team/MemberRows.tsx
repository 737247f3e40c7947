import { Select, Stack, Text } from '@mantine/core';
import type { Member, Role } from '@mutate/sdk';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { Confirm } from '../../components/Confirm.tsx';
import { Problem } from '../../components/Problem.tsx';
import { Rows } from '../../components/Rows.tsx';
import { When } from '../../components/When.tsx';
import { useApi, useMe, useRole, useWorkspaceId } from '../../session.ts';
import { roles } from './roles.ts';

interface MemberRowsProps {
  members: readonly Member[];
  mayManage: boolean;
}

/** Members with their roles, and what may be changed about them. */
export function MemberRows({ members, mayManage }: MemberRowsProps) {
  return (
    <Rows
      caption="Members"
      rows={members}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'Name',
          cell: ({ name, email }) => (
            <div>
              <Text size="sm" fw={500}>
                {name || email}
              </Text>
              <Text size="xs" c="dimmed">
                {email}
              </Text>
            </div>
          ),
        },
        {
          header: 'Role',
          cell: (member) => (mayManage ? <RoleChoice member={member} /> : labelOf(member.role)),
        },
        { header: 'Since', cell: ({ created_at: at }) => <When at={at} /> },
        {
          header: 'Remove',
          isQuiet: true,
          isNumeric: true,
          cell: (member) => <Leave member={member} mayManage={mayManage} />,
        },
      ]}
    />
  );
}

function labelOf(role: Role): string {
  return roles.find(({ value }) => value === role)?.label ?? role;
}

function RoleChoice({ member }: { member: Member }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const own = useRole();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (role: Role) => api.members.update(member.id, { role }),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: [workspaceId, 'members'] });
      await queries.invalidateQueries({ queryKey: ['me'] });
    },
  });
  const isAbove = member.role === 'owner' && own !== 'owner';
  const offered = roles.filter(({ value }) => own === 'owner' || isAbove || value !== 'owner');
  return (
    <Stack gap={6} align="flex-start">
      <Select
        aria-label={`Role of ${member.name || member.email}`}
        w={150}
        size="sm"
        data={offered}
        value={member.role}
        disabled={isAbove || change.isPending}
        allowDeselect={false}
        onChange={(value) => {
          const role = roles.find((known) => known.value === value)?.value;
          if (role !== undefined && role !== member.role) change.mutate(role);
        }}
      />
      {change.isError ? <Problem error={change.error} /> : null}
    </Stack>
  );
}

function Leave({ member, mayManage }: { member: Member; mayManage: boolean }) {
  const api = useApi();
  const me = useMe();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const isMe = me.data?.user.id === member.user_id;
  if (!isMe && !mayManage) return null;
  const remove = async () => {
    await api.members.delete(member.id);
    if (isMe) {
      queries.clear();
      await navigate('/');
    } else await queries.invalidateQueries({ queryKey: [workspaceId, 'members'] });
  };
  return (
    <Confirm
      label={isMe ? 'Leave' : 'Remove'}
      title={isMe ? 'Leave this workspace?' : `Remove ${member.name || member.email}?`}
      onConfirm={remove}
    >
      {isMe ? 'You need' : 'They need'} an invitation to come back. API keys stay as they are.
    </Confirm>
  );
}
