import type { Role } from '../../http/role.ts';
import type { Topic } from '../topics.ts';

export type Category = 'usage' | 'billing' | 'security' | 'digest';

interface CategoryRule {
  /** Members with one of these roles are told. */
  readonly roles: readonly Role[];
  readonly byDefault: boolean;
  /** False: nobody can switch it off. */
  readonly adjustable: boolean;
}

/** Who is told of what by mail, unless a member says otherwise. */
export const categoryRules: Readonly<Record<Category, CategoryRule>> = {
  usage: { roles: ['owner', 'admin'], byDefault: true, adjustable: true },
  billing: { roles: ['owner', 'billing'], byDefault: true, adjustable: true },
  security: { roles: ['owner', 'admin'], byDefault: true, adjustable: false },
  digest: { roles: ['owner', 'admin', 'billing', 'member'], byDefault: false, adjustable: true },
};

export const adjustableCategories = ['usage', 'billing', 'digest'] as const;

/** The category of each topic that a workspace's people get a mail about. */
export const categoryOfTopic: Readonly<Partial<Record<Topic, Category>>> = {
  'usage.threshold_reached': 'usage',
  'overage.first': 'usage',
  'spend_cap.threshold_reached': 'usage',
  'spend_cap.reached': 'usage',
  'subscription.changed': 'billing',
  'subscription.ending': 'billing',
  'invoice.finalized': 'billing',
  'invoice.paid': 'billing',
  'invoice.payment_failed': 'billing',
  'invoice.payment_action_required': 'billing',
  'payment_method.removed': 'billing',
  'payment_method.expiring': 'billing',
  'workspace.suspended': 'security',
  'workspace.reactivated': 'security',
  'webhook_endpoint.disabled': 'security',
  'usage.digest': 'digest',
};
