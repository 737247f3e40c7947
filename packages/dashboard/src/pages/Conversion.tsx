import { Anchor, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { errorFromJob, isFinal, type Job } from '@mutate/sdk';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, useParams } from 'react-router';
import { Confirm } from '../components/Confirm.tsx';
import { Id } from '../components/Copy.tsx';
import { Facts } from '../components/Facts.tsx';
import { JobBadge } from '../components/JobBadge.tsx';
import { Loaded } from '../components/Loaded.tsx';
import { Page } from '../components/Page.tsx';
import { Panel } from '../components/Panel.tsx';
import { Problem } from '../components/Problem.tsx';
import { formatBytes, formatTime } from '../format.ts';
import { useMayOpen } from '../frame/use-may-open.ts';
import { useApi, useTimeZone, useWorkspaceId } from '../session.ts';
import { Decision } from './conversions/Decision.tsx';
import { downloadPath } from './conversions/download-path.ts';
import { Timing } from './conversions/Timing.tsx';

export function Component() {
  const { jobId = '' } = useParams();
  const api = useApi();
  const workspaceId = useWorkspaceId();
  const job = useQuery({
    queryKey: [workspaceId, 'conversion', jobId],
    queryFn: ({ signal }) => api.conversions.get(jobId, { signal }),
  });
  useLiveJob(job.data);
  return (
    <Page
      title={job.data?.input.filename ?? 'Conversion'}
      about={<Id>{jobId}</Id>}
      actions={job.data === undefined ? undefined : <Actions job={job.data} />}
    >
      <Loaded query={job} lines={8}>
        {(data) => <Details job={data} />}
      </Loaded>
    </Page>
  );
}

/** Follows the events of a job that is under way. */
function useLiveJob(job: Job | undefined): void {
  const api = useApi();
  const queries = useQueryClient();
  const { id, workspace_id: workspaceId } = job ?? {};
  const isRunning = job !== undefined && !isFinal(job.status);
  useEffect(() => {
    if (!isRunning || id === undefined) return undefined;
    const leaving = new AbortController();
    const onJob = (seen: Job) => queries.setQueryData([workspaceId, 'conversion', id], seen);
    // What breaks off shows itself at the next look at the page.
    void api.conversions.wait(id, { signal: leaving.signal, onJob }).catch(() => undefined);
    return () => leaving.abort();
  }, [api, queries, id, workspaceId, isRunning]);
}

function Actions({ job }: { job: Job }) {
  const api = useApi();
  const queries = useQueryClient();
  const workspaceId = useWorkspaceId();
  const reload = () => queries.invalidateQueries({ queryKey: [workspaceId] });
  const cancel = useMutation({
    mutationFn: () => api.conversions.cancel(job.id),
    onSettled: reload,
  });
  if (!isFinal(job.status)) {
    return (
      <>
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel
        </Button>
        {cancel.isError ? <Problem error={cancel.error} /> : null}
      </>
    );
  }
  return (
    <>
      {job.status === 'succeeded' && job.output !== null ? (
        <Button component="a" href={downloadPath(job.output.url)} download size="xs">
          Download
        </Button>
      ) : (
        <Button component={Link} to={`/${workspaceId}/convert`} size="xs">
          Convert it again
        </Button>
      )}
      {job.status === 'expired' ? null : (
        <Confirm
          label="Delete files"
          title="Delete this conversion's files?"
          onConfirm={() => api.conversions.delete(job.id).then(reload)}
        >
          Input and output are deleted at once and cannot be had back. That it was counted stays.
        </Confirm>
      )}
    </>
  );
}

function Details({ job }: { job: Job }) {
  return (
    <Stack gap="md">
      {isFinal(job.status) ? null : (
        <Panel>
          <Stack gap={6}>
            <Progress value={job.progress.percent} animated aria-label="Progress" />
            <Text size="sm" c="dimmed" role="status">
              {job.progress.phase} · {job.progress.percent} %
            </Text>
          </Stack>
        </Panel>
      )}
      {job.status === 'failed' ? <Problem error={errorFromJob(job)} /> : null}
      {job.warnings.map((warning) => (
        <div key={warning.code + warning.detail} className="notice" data-tone="warn">
          <Text size="sm">{warning.detail}</Text>
        </div>
      ))}
      <Panel title="What happened">
        <Summary job={job} />
      </Panel>
      <Panel title="Timing">
        <Timing job={job} />
      </Panel>
      <Panel title="How it was counted">
        <Decision job={job} />
      </Panel>
    </Stack>
  );
}

function Summary({ job }: { job: Job }) {
  const timeZone = useTimeZone();
  const workspaceId = useWorkspaceId();
  const { output } = job;
  return (
    <Facts
      facts={[
        ['Status', <JobBadge key="s" status={job.status} />],
        [
          'Conversion',
          <Anchor
            key="t"
            component={Link}
            to={`/${workspaceId}/conversions?type=${job.type}`}
            size="sm"
          >
            {job.type}
          </Anchor>,
        ],
        ['Input', `${job.input.filename}, ${formatBytes(job.input.size_bytes)}`],
        ...(output === null
          ? []
          : [
              ['Output', `${output.filename}, ${formatBytes(output.size_bytes)}`] as const,
              ['Kept until', formatTime(output.expires_at, timeZone)] as const,
            ]),
        ['Asked for by', <Asker key="a" job={job} />],
        ...(Object.keys(job.options).length === 0
          ? []
          : [['Options', <OptionList key="o" options={job.options} />] as const]),
      ]}
    />
  );
}

function Asker({ job }: { job: Job }) {
  const workspaceId = useWorkspaceId();
  const mayOpen = useMayOpen();
  if (job.api_key_id === null) return job.member_id === null ? 'the operator' : 'a member, here';
  if (!mayOpen('api-keys')) return <span className="mono">{job.api_key_id}</span>;
  return (
    <Anchor component={Link} to={`/${workspaceId}/api-keys`} size="sm" className="mono">
      {job.api_key_id}
    </Anchor>
  );
}

function OptionList({ options }: { options: Record<string, unknown> }) {
  return (
    <Group gap={6}>
      {Object.entries(options).map(([name, value]) => (
        <Text key={name} size="xs" className="mono" component="span">
          {name}={JSON.stringify(value)}
        </Text>
      ))}
    </Group>
  );
}
