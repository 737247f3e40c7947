import { Tooltip } from '@mantine/core';
import { useNow } from '../business-time.ts';
import { formatAgo, formatTime } from '../format.ts';
import { useTimeZone } from '../session.ts';

/** A moment by its distance; the exact time in the workspace's zone is one hover away. */
export function When({ at }: { at: string }) {
  const timeZone = useTimeZone();
  const now = useNow();
  return (
    <Tooltip label={`${formatTime(at, timeZone)} (${timeZone})`} withArrow>
      <time dateTime={at}>{formatAgo(at, now)}</time>
    </Tooltip>
  );
}
