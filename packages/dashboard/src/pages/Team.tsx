import { useQuery } from '@tanstack/react-query';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { useApi, useRole, useWorkspaceId } from '../session.ts';
import { InvitationRows } from './team/InvitationRows.tsx';
import { Invite } from './team/Invite.tsx';
import { MemberRows } from './team/MemberRows.tsx';

export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const role = useRole();
  const mayManage = role === 'owner' || role === 'admin';
  const members = useQuery({
    queryKey: [workspaceId, 'members'],
    queryFn: () => Array.fromAsync(api.members.list()),
  });
  const invitations = useQuery({
    queryKey: [workspaceId, 'invitations'],
    queryFn: () => Array.fromAsync(api.invitations.list()),
    enabled: mayManage,
  });
  return (
    <Page
      title="Team"
      about="Who may do what here. Programs use API keys instead."
      actions={mayManage ? <Invite /> : undefined}
    >
      <Panel title="Members" isFlush>
        <Loaded query={members}>
          {(data) => <MemberRows members={data} mayManage={mayManage} />}
        </Loaded>
      </Panel>
      {invitations.data === undefined || invitations.data.length === 0 ? null : (
        <Panel title="Invited, not here yet" isFlush>
          <InvitationRows invitations={invitations.data} />
        </Panel>
      )}
    </Page>
  );
}
