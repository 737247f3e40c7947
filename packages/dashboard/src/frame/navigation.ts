import type { Role } from '@mutate/sdk';
import type { IconName } from './Icon.tsx';

export interface NavigationEntry {
  /** Below the workspace's URL. */
  readonly path: string;
  readonly label: string;
  readonly icon: IconName;
  /** Who has use for it; all where absent. The server decides what they may do. */
  readonly roles?: readonly Role[];
}

export interface NavigationGroup {
  readonly label: string | null;
  readonly entries: readonly NavigationEntry[];
}

const makers: readonly Role[] = ['owner', 'admin', 'member'];
const payers: readonly Role[] = ['owner', 'admin', 'billing'];
const keepers: readonly Role[] = ['owner', 'admin'];

/** What the side lists, in this order. */
export const workspaceNavigation: readonly NavigationGroup[] = [
  {
    label: null,
    entries: [
      { path: 'convert', label: 'Convert', icon: 'convert', roles: makers },
      { path: '', label: 'Overview', icon: 'overview' },
      { path: 'conversions', label: 'Conversions', icon: 'conversions', roles: makers },
      { path: 'usage', label: 'Usage', icon: 'usage' },
    ],
  },
  {
    label: 'Build',
    entries: [
      { path: 'api-keys', label: 'API keys', icon: 'keys', roles: keepers },
      { path: 'webhooks', label: 'Webhooks', icon: 'webhooks', roles: keepers },
      { path: 'snippets', label: 'Snippets', icon: 'snippets' },
    ],
  },
  {
    label: 'Workspace',
    entries: [
      { path: 'billing', label: 'Billing', icon: 'billing', roles: payers },
      { path: 'team', label: 'Team', icon: 'team' },
      { path: 'notifications', label: 'Notifications', icon: 'notifications' },
      { path: 'audit-log', label: 'Audit log', icon: 'audit', roles: keepers },
      { path: 'settings', label: 'Settings', icon: 'settings', roles: keepers },
    ],
  },
];

/** Whether somebody of a role has use for a page; null, who is no member here, may see them all. */
export function mayOpen(role: Role | null, path: string): boolean {
  const [page] = path.split('/');
  const entries = workspaceNavigation.flatMap((group) => group.entries);
  const entry = entries.find((known) => known.path === page);
  return role === null || entry?.roles === undefined || entry.roles.includes(role);
}

/** The same for the platform. */
export const adminNavigation: readonly NavigationGroup[] = [
  {
    label: null,
    entries: [
      { path: '', label: 'Workspaces', icon: 'organizations' },
      { path: 'plans', label: 'Plans', icon: 'plans' },
      { path: 'revenue', label: 'Revenue', icon: 'revenue' },
    ],
  },
  {
    label: 'Operation',
    entries: [
      { path: 'health', label: 'System health', icon: 'health' },
      { path: 'mail', label: 'Mail', icon: 'mail' },
      { path: 'stripe-events', label: 'Stripe events', icon: 'events' },
      { path: 'clock', label: 'Clock', icon: 'clock' },
      { path: 'audit-log', label: 'Audit log', icon: 'audit' },
    ],
  },
];
