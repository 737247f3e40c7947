import type { IconName } from './Icon.tsx';

export interface NavigationEntry {
  /** Below the workspace's URL. */
  readonly path: string;
  readonly label: string;
  readonly icon: IconName;
}

export interface NavigationGroup {
  readonly label: string | null;
  readonly entries: readonly NavigationEntry[];
}

/** What the side lists, in this order. */
export const workspaceNavigation: readonly NavigationGroup[] = [
  {
    label: null,
    entries: [
      { path: 'convert', label: 'Convert', icon: 'convert' },
      { path: '', label: 'Overview', icon: 'overview' },
      { path: 'conversions', label: 'Conversions', icon: 'conversions' },
      { path: 'usage', label: 'Usage', icon: 'usage' },
    ],
  },
  {
    label: 'Build',
    entries: [
      { path: 'api-keys', label: 'API keys', icon: 'keys' },
      { path: 'snippets', label: 'Snippets', icon: 'snippets' },
    ],
  },
  {
    label: 'Workspace',
    entries: [
      { path: 'billing', label: 'Billing', icon: 'billing' },
      { path: 'audit-log', label: 'Audit log', icon: 'audit' },
      { path: 'settings', label: 'Settings', icon: 'settings' },
    ],
  },
];

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
