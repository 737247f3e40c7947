import { Anchor, Text } from '@mantine/core';
import type { Usage } from '@mutate/sdk';
import { Link } from 'react-router';
import { formatDate } from '../../format.ts';
import { useMayOpen } from '../../frame/use-may-open.ts';
import { useTimeZone, useWorkspaceId } from '../../session.ts';

/** What somebody should know before more is converted. */
export function UsageAlerts({ usage }: { usage: Usage }) {
  const timeZone = useTimeZone();
  const workspaceId = useWorkspaceId();
  const mayOpen = useMayOpen();
  const { remaining, limit } = usage.conversions;
  const highest = usage.alerts.at(-1);
  const isOut = remaining === 0 && limit !== null && usage.overage.policy === 'block';
  if (!isOut && highest === undefined && usage.overrides === null) return null;
  return (
    <>
      {isOut ? (
        <div className="notice" data-tone="bad" role="status">
          <Text size="sm">
            All {limit} conversions of this period are used. New ones are refused until{' '}
            {formatDate(usage.period.end, timeZone)}.{' '}
            <Anchor component={Link} to={`/${workspaceId}/usage`} size="sm">
              What used them
            </Anchor>
            {mayOpen('billing') ? (
              <>
                {', or '}
                <Anchor component={Link} to={`/${workspaceId}/billing/plans`} size="sm">
                  choose a larger plan
                </Anchor>
              </>
            ) : null}
          </Text>
        </div>
      ) : null}
      {!isOut && highest !== undefined ? (
        <div className="notice" data-tone="warn" role="status">
          <Text size="sm">
            {highest.threshold} % of this period’s conversions were used on{' '}
            {formatDate(highest.reached_at, timeZone)}.
          </Text>
        </div>
      ) : null}
      {usage.overrides === null ? null : (
        <div className="notice">
          <Text size="sm">
            The operator changed your limits: {usage.overrides.reason}
            {usage.overrides.expires_at === null
              ? '.'
              : ` (until ${formatDate(usage.overrides.expires_at, timeZone)}).`}
          </Text>
        </div>
      )}
    </>
  );
}
