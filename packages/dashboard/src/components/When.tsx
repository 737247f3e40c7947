import { Tooltip } from '@mantine/core';
import { useClock } from '../business-time.ts';
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
  const { now, isKnown } = useClock();
  const exact = formatTime(at, timeZone);
  const agoOf = () => {
    if (isWallClock) return formatAgo(at);
    return isKnown ? formatAgo(at, now) : exact;
  };
  return (
    <Tooltip label={`${exact} (${timeZone})`} withArrow>
      <time dateTime={at}>{agoOf()}</time>
    </Tooltip>
  );
}
