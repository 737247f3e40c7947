import { Button, Group, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { AuditEntry, AuditVerification } from '@mutate/sdk';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { Badge } from '../../components/Badge.tsx';
import { Empty } from '../../components/Empty.tsx';
import { Loaded } from '../../components/Loaded.tsx';
import { More } from '../../components/More.tsx';
import { Page } from '../../components/Page.tsx';
import { Panel } from '../../components/Panel.tsx';
import { Problem } from '../../components/Problem.tsx';
import { formatCount } from '../../format.ts';
import { usePagesOfList } from '../../pages-of-list.ts';
import { platform } from '../../session.ts';
import { AuditRows } from '../audit-log/AuditRows.tsx';

export function Component() {
  const [search, setSearch] = useSearchParams();
  const workspaceId = search.get('workspace') ?? '';
  const [action, setAction] = useState('');
  const [sought] = useDebouncedValue({ action: action.trim(), workspaceId }, 250);
  const entries = usePagesOfList<AuditEntry>({
    queryKey: ['admin', 'audit-log', sought],
    fetchPage: (cursor, signal) =>
      platform.admin.auditPage({
        cursor,
        signal,
        limit: 25,
        workspaceId: sought.workspaceId === '' ? undefined : sought.workspaceId,
        action: sought.action === '' ? undefined : sought.action,
      }),
  });
  return (
    <Page
      title="Audit log"
      about="Who changed what, in every workspace and on the platform. Each chain's entries carry the hash of the one before."
    >
      <Verification chainId={workspaceId} />
      <Panel isFlush>
        <Group gap="sm" p="md" align="flex-end">
          <TextInput
            label="Workspace"
            placeholder="org_…"
            w={280}
            value={workspaceId}
            onChange={(event) => {
              const { value } = event.currentTarget;
              setSearch(value === '' ? {} : { workspace: value }, { replace: true });
            }}
          />
          <TextInput
            label="Action"
            placeholder="overrides.set"
            w={220}
            value={action}
            onChange={(event) => setAction(event.currentTarget.value)}
          />
        </Group>
        <Loaded query={entries} lines={8}>
          {(data) =>
            data.length === 0 ? (
              <Empty title="No changes here">None fits these filters.</Empty>
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

/** The platform's chain, or the one of the workspace that is filtered for. */
function Verification({ chainId }: { chainId: string }) {
  const verify = useMutation({
    mutationFn: () => platform.admin.verifyAudit(chainId === '' ? undefined : chainId),
  });
  return (
    <Group gap="md">
      <Button
        size="xs"
        variant="default"
        loading={verify.isPending}
        onClick={() => verify.mutate()}
      >
        {chainId === '' ? "Verify the platform's chain" : "Verify this workspace's chain"}
      </Button>
      {verify.isError ? <Problem error={verify.error} /> : null}
      {verify.data === undefined ? null : <Verdict verification={verify.data} />}
    </Group>
  );
}

function Verdict({ verification }: { verification: AuditVerification }) {
  const { intact, sequence, broken, chain_id: chain } = verification;
  return (
    <Group gap="xs" role="status">
      <Badge tone={intact ? 'good' : 'bad'}>{intact ? 'intact' : 'broken'}</Badge>
      <Text size="sm">
        {broken === null
          ? `${formatCount(sequence)} ${sequence === 1 ? 'entry' : 'entries'} of ${chain}`
          : `entry ${broken.sequence} of ${chain} is ${broken.problem}`}
      </Text>
    </Group>
  );
}
