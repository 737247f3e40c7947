import type { WebhookEndpoint } from '@mutate/sdk';
import { Badge } from '../../components/Badge.tsx';

/** Whether an endpoint gets its events. */
export function EndpointBadge({ endpoint }: { endpoint: WebhookEndpoint }) {
  if (!endpoint.active) {
    const why = { gone: 'off: it said 410', failing: 'off: it failed for days' };
    const reason = endpoint.disabled_reason;
    return (
      <Badge tone={reason === null ? 'calm' : 'bad'}>{reason === null ? 'off' : why[reason]}</Badge>
    );
  }
  return endpoint.failing_since === null ? (
    <Badge tone="good">on</Badge>
  ) : (
    <Badge tone="warn">failing</Badge>
  );
}
