import { Group, Stack, Text } from '@mantine/core';
import type { Job } from '@mutate/sdk';
import { formatDuration, formatTime } from '../../format.ts';
import { useTimeZone } from '../../session.ts';

/** How long it waited and how long it ran. */
export function Timing({ job }: { job: Job }) {
  const timeZone = useTimeZone();
  const createdMs = Date.parse(job.created_at);
  const startedMs = job.started_at === null ? null : Date.parse(job.started_at);
  const finishedMs = job.finished_at === null ? null : Date.parse(job.finished_at);
  const waitedMs = startedMs === null ? null : startedMs - createdMs;
  const ranMs = startedMs === null || finishedMs === null ? null : finishedMs - startedMs;
  const allMs = Math.max(1, (waitedMs ?? 0) + (ranMs ?? 0));
  return (
    <Stack gap="sm">
      <div className="meter" aria-hidden="true">
        <span style={{ width: `${((waitedMs ?? 0) / allMs) * 100}%`, opacity: 0.35 }} />
        <span style={{ width: `${((ranMs ?? 0) / allMs) * 100}%` }} />
      </div>
      <Group gap="xl">
        <Figure label="Waited" value={waitedMs === null ? '–' : formatDuration(waitedMs)} />
        <Figure label="Ran" value={ranMs === null ? '–' : formatDuration(ranMs)} />
        <Figure label="Received" value={formatTime(job.created_at, timeZone)} />
        {job.finished_at === null ? null : (
          <Figure label="Ended" value={formatTime(job.finished_at, timeZone)} />
        )}
      </Group>
    </Stack>
  );
}

function Figure({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" fw={500}>
        {value}
      </Text>
    </div>
  );
}
