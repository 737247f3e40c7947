import { Anchor, Text } from '@mantine/core';
import { Link, useLocation } from 'react-router';
import { useWorkspace } from '../session.ts';
import { useMayOpen } from './use-may-open.ts';

/** That a workspace is not in good standing, and the way out; billing tells it in full itself. */
export function Standing({ base }: { base: string }) {
  const workspace = useWorkspace().data;
  const { pathname } = useLocation();
  const mayOpen = useMayOpen();
  if (workspace === undefined || pathname === `${base}/billing`) return null;
  const { suspended, billing_status: status } = workspace;
  if (!suspended && status === 'ok') return null;
  return (
    <div className="notice banner" data-tone="bad" role="status">
      <Text size="sm">
        {suspended
          ? 'This workspace was suspended by the operator: new conversions are refused. '
          : status === 'past_due'
            ? 'The last payment failed. '
            : 'A payment is overdue: new conversions are refused. '}
        {mayOpen('billing') ? (
          <Anchor component={Link} to={`${base}/billing`} size="sm">
            {suspended ? 'See billing' : 'Pay it, or use another card'}
          </Anchor>
        ) : suspended ? null : (
          'Owners and those who see to billing can pay it.'
        )}
      </Text>
    </div>
  );
}
