import { Anchor, Text } from '@mantine/core';
import type { Workspace } from '@mutate/sdk';
import { Link, useLocation } from 'react-router';
import { useWorkspace } from '../session.ts';
import { useMayOpen } from './use-may-open.ts';

/** That a workspace is not in good standing, and the way out; billing tells it in full itself. */
export function Standing({ base }: { base: string }) {
  const workspace = useWorkspace().data;
  const { pathname } = useLocation();
  const mayOpen = useMayOpen();
  if (workspace === undefined || pathname === `${base}/billing`) return null;
  const trouble = troubleOf(workspace);
  if (trouble === null) return null;
  return (
    <div className="notice banner" data-tone="bad" role="status">
      <Text size="sm">
        {trouble.text}{' '}
        {mayOpen('billing') ? (
          <Anchor component={Link} to={`${base}/billing`} size="sm">
            {trouble.wayOut}
          </Anchor>
        ) : (
          trouble.others
        )}
      </Text>
    </div>
  );
}

interface Trouble {
  readonly text: string;
  readonly wayOut: string;
  /** For who may not see billing. */
  readonly others: string | null;
}

function troubleOf(workspace: Workspace): Trouble | null {
  if (workspace.suspended) {
    return {
      text: 'This workspace was suspended by the operator: new conversions are refused.',
      wayOut: 'See billing',
      others: null,
    };
  }
  if (workspace.billing_status !== 'ok') {
    return {
      text:
        workspace.billing_status === 'past_due'
          ? 'The last payment failed.'
          : 'A payment is overdue: new conversions are refused.',
      wayOut: 'Pay it, or use another card',
      others: 'Owners and those who see to billing can pay it.',
    };
  }
  if (!workspace.payment_method_missing) return null;
  return {
    text: 'No card is on file, so the plan cannot be paid when it is next due.',
    wayOut: 'Add a card',
    others: 'Owners and those who see to billing can add one.',
  };
}
