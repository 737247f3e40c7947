import { Group, Text } from '@mantine/core';
import type { ApiKey } from '@mutate/sdk';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNow } from '../business-time.ts';
import { Badge } from '../components/Badge.tsx';
import { Confirm } from '../components/Confirm.tsx';
import { Empty } from '../components/Empty.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Rows } from '../components/Rows.tsx';
import { When } from '../components/When.tsx';
import { formatCount } from '../format.ts';
import { useApi, useWorkspaceId } from '../session.ts';
import { NewKey } from './api-keys/NewKey.tsx';
import { Rotate } from './api-keys/Rotate.tsx';

export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const keys = useQuery({
    queryKey: [workspaceId, 'api-keys'],
    queryFn: () => Array.fromAsync(api.apiKeys.list()),
  });
  return (
    <Page
      title="API keys"
      about="A key speaks for this workspace. Give each program its own, with only the scopes it needs."
      actions={<NewKey />}
    >
      <Panel isFlush>
        <Loaded query={keys}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No keys yet">Create one to use the API, the SDK or the CLI.</Empty>
            ) : (
              <KeyRows keys={data} />
            )
          }
        </Loaded>
      </Panel>
    </Page>
  );
}

function KeyRows({ keys }: { keys: readonly ApiKey[] }) {
  return (
    <Rows
      caption="API keys"
      rows={keys}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'Name',
          cell: (key) => (
            <div>
              <Text size="sm" fw={500}>
                {key.name}
              </Text>
              <Text size="xs" c="dimmed" className="mono">
                mk_live_…{key.hint}
              </Text>
            </div>
          ),
        },
        {
          header: 'Scopes',
          cell: ({ scopes }) => (
            <Text size="xs" c="dimmed" maw={260} component="span">
              {scopes.join(', ')}
            </Text>
          ),
        },
        { header: 'Limits', cell: (key) => <KeyLimits apiKey={key} /> },
        {
          header: 'Last used',
          cell: ({ last_used_at: at }) => (at === null ? 'never' : <When at={at} />),
        },
        {
          header: 'Change',
          isQuiet: true,
          isNumeric: true,
          cell: (key) => (
            <Group gap="xs" justify="flex-end" wrap="nowrap">
              <Rotate apiKey={key} />
              <Revoke apiKey={key} />
            </Group>
          ),
        },
      ]}
    />
  );
}

function KeyLimits({ apiKey }: { apiKey: ApiKey }) {
  const now = useNow();
  const { monthly_limit: limit, allowed_ips: ips, expires_at: expiresAt, previous } = apiKey;
  if (expiresAt !== null && Date.parse(expiresAt) < now) {
    return <Badge tone="calm">expired</Badge>;
  }
  if (limit === null && ips === null && expiresAt === null && previous === null) return 'none';
  return (
    <Text size="xs" component="span" maw={220}>
      {limit === null ? null : <>{formatCount(limit)} a period. </>}
      {ips === null ? null : <>Only from {ips.join(', ')}. </>}
      {expiresAt === null ? null : (
        <>
          Expires <When at={expiresAt} />.{' '}
        </>
      )}
      {previous === null ? null : (
        <>
          …{previous.hint} works too until <When at={previous.expires_at} />.
        </>
      )}
    </Text>
  );
}

function Revoke({ apiKey }: { apiKey: ApiKey }) {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const queries = useQueryClient();
  return (
    <Confirm
      label="Revoke"
      title={`Revoke ${apiKey.name}?`}
      onConfirm={async () => {
        await api.apiKeys.delete(apiKey.id);
        await queries.invalidateQueries({ queryKey: [workspaceId, 'api-keys'] });
      }}
    >
      Programs that use it are refused within a second. This cannot be undone.
    </Confirm>
  );
}
