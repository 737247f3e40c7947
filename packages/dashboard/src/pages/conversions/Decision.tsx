import { Anchor, Stack, Text } from '@mantine/core';
import { isFinal, type Job } from '@mutate/sdk';
import { Link } from 'react-router';
import { formatAmount, formatDate } from '../../format.ts';
import { useTimeZone, useWorkspaceId } from '../../session.ts';

/** What the conversion counted for and why. */
export function Decision({ job }: { job: Job }) {
  const timeZone = useTimeZone();
  const workspaceId = useWorkspaceId();
  return (
    <Stack gap={4}>
      <Text size="sm">{inWords(job)}</Text>
      <Text size="sm" c="dimmed">
        It belongs to the usage period that began on {formatDate(job.usage.period_start, timeZone)}.{' '}
        <Anchor component={Link} to={`/${workspaceId}/usage`} size="sm">
          Usage of the period
        </Anchor>
      </Text>
    </Stack>
  );
}

function inWords(job: Job): string {
  const { counted, billed_as: billedAs, unit_amount: amount, currency } = job.usage;
  if (!isFinal(job.status)) {
    return 'One conversion is held for it. It is counted when it succeeds and given back if not.';
  }
  if (!counted) return 'It was not counted: only what succeeds is.';
  if (billedAs === 'overage') {
    return amount === null || currency === null || Number(amount) === 0
      ? 'It was counted past the monthly limit, at no charge.'
      : `It was counted past the monthly limit and costs ${formatAmount(amount, currency)}.`;
  }
  return 'It was counted as one of the conversions that the plan includes.';
}
