import { Badge } from '../../components/Badge.tsx';
import { isSimulated } from '../../session.ts';

/** Nobody is to take a simulated payment for a real one. */
export function SimulatedBadge() {
  return isSimulated ? <Badge tone="warn">simulated, no money moves</Badge> : null;
}
