import { Button, Menu, Stack, Text } from '@mantine/core';
import type { AuditEntry } from '@mutate/sdk';
import { useMutation } from '@tanstack/react-query';
import { Empty } from '../components/Empty.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { More } from '../components/More.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Problem } from '../components/Problem.tsx';
import { usePagesOfList } from '../pages-of-list.ts';
import { useApi, useWorkspaceId } from '../session.ts';
import { AuditRows } from './audit-log/AuditRows.tsx';

export function Component() {
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const entries = usePagesOfList<AuditEntry>({
    queryKey: [workspaceId, 'audit-log'],
    fetchPage: (cursor, signal) => api.auditLog.page({ cursor, signal, limit: 25 }),
  });
  return (
    <Page
      title="Audit log"
      about="Who changed what. Each entry carries the hash of the one before it: none can be altered or removed unseen."
      actions={<Export />}
    >
      <Panel isFlush>
        <Loaded query={entries} lines={8}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No changes yet">
                <Text size="sm">Keys, members, limits and plans leave their trace here.</Text>
              </Empty>
            ) : (
              <AuditRows entries={data} />
            )
          }
        </Loaded>
        <More pages={entries} />
      </Panel>
    </Page>
  );
}

/** All of it from the first entry on, with the hashes that prove it. */
function Export() {
  const api = useApi();
  const download = useMutation({
    mutationFn: async (format: 'csv' | 'ndjson') => {
      // A refusal would take the page's place; asked for like this, it is told in the page.
      await api.auditLog.page({ limit: 1 });
      // An attachment: the page stays where it is.
      globalThis.location.assign(await api.auditLog.exportPath(format));
    },
  });
  return (
    <Stack align="flex-end">
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">Export</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Every entry, with its hash</Menu.Label>
          <Menu.Item onClick={() => download.mutate('csv')}>CSV</Menu.Item>
          <Menu.Item onClick={() => download.mutate('ndjson')}>NDJSON</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {download.isError ? <Problem error={download.error} /> : null}
    </Stack>
  );
}
