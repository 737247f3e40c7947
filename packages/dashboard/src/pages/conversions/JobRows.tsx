import { Anchor, Text } from '@mantine/core';
import type { Job } from '@mutate/sdk';
import { Link } from 'react-router';
import { JobBadge } from '../../components/JobBadge.tsx';
import { Rows } from '../../components/Rows.tsx';
import { When } from '../../components/When.tsx';
import { formatBytes, formatDuration } from '../../format.ts';
import { useWorkspaceId } from '../../session.ts';

/** Conversions as a table, each leading to its page. */
export function JobRows({ jobs }: { jobs: readonly Job[] }) {
  const workspaceId = useWorkspaceId();
  return (
    <Rows
      caption="Conversions"
      rows={jobs}
      keyOf={({ id }) => id}
      columns={[
        {
          header: 'File',
          cell: (job) => (
            <Anchor
              component={Link}
              to={`/${workspaceId}/conversions/${job.id}`}
              size="sm"
              fw={500}
              className="breakable"
            >
              {job.input.filename || job.id}
            </Anchor>
          ),
        },
        { header: 'Conversion', cell: ({ from, to }) => `${from} → ${to}` },
        { header: 'Status', cell: ({ status }) => <JobBadge status={status} /> },
        {
          header: 'Size',
          isNumeric: true,
          isExtra: true,
          cell: ({ input }) => formatBytes(input.size_bytes),
        },
        {
          header: 'Took',
          isNumeric: true,
          isExtra: true,
          cell: ({ duration_ms: ms }) => (ms === null ? '–' : formatDuration(ms)),
        },
        {
          header: 'Started',
          isNumeric: true,
          cell: (job) => (
            <Text size="sm" c="dimmed" component="span">
              <When at={job.created_at} />
            </Text>
          ),
        },
      ]}
    />
  );
}
