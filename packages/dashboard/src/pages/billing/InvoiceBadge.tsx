import type { Invoice } from '@mutate/sdk';
import { Badge, type Tone } from '../../components/Badge.tsx';

const tones: Record<Invoice['status'], Tone> = {
  draft: 'calm',
  open: 'warn',
  paid: 'good',
  void: 'calm',
  uncollectible: 'bad',
};

/** An invoice's status. */
export function InvoiceBadge({ status }: { status: Invoice['status'] }) {
  return <Badge tone={tones[status]}>{status}</Badge>;
}
