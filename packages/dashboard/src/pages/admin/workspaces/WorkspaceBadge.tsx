import type { AdminWorkspace } from '@mutate/sdk';
import { Badge } from '../../../components/Badge.tsx';

/** How a workspace stands, the worst first. */
export function WorkspaceBadge({ workspace }: { workspace: AdminWorkspace }) {
  const { suspended, billing_status: status, subscription, usage, overrides } = workspace;
  if (suspended) return <Badge tone="bad">suspended</Badge>;
  if (status !== 'ok') return <Badge tone="bad">{status.replace('_', ' ')}</Badge>;
  if (subscription.cancel_at_period_end) return <Badge tone="warn">ends soon</Badge>;
  const taken = usage.used + usage.reserved;
  if (usage.limit !== null && taken >= usage.limit) return <Badge tone="bad">at the limit</Badge>;
  if (usage.limit !== null && taken >= usage.limit * 0.8) {
    return <Badge tone="warn">near the limit</Badge>;
  }
  if (overrides !== null) return <Badge tone="calm">override</Badge>;
  return <Badge tone="good">{subscription.status === 'trialing' ? 'trial' : 'ok'}</Badge>;
}
