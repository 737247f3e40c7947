import { Tooltip } from '@mantine/core';
import { useNow } from '../business-time.ts';
import { formatAgo, formatTime } from '../format.ts';
import { useTimeZone } from '../session.ts';

interface WhenProps {
  at: string;
  /** Whether it is a time of the wall clock: business time may be ahead of it. */
  isWallClock?: boolean;
}

/** A moment by its distance; the exact time in the workspace's zone is one hover away. */
export function When({ at, isWallClock = false }: WhenProps) {
  const timeZone = useTimeZone();
  const now = useNow();
  return (
    <Tooltip label={`${formatTime(at, timeZone)} (${timeZone})`} withArrow>
      <time dateTime={at}>{isWallClock ? formatAgo(at) : formatAgo(at, now)}</time>
    </Tooltip>
  );
}
