import type { Role } from '@mutate/sdk';

/** The roles in words; what each may do exactly is in docs/roles.md. */
export const roles: { value: Role; label: string; description: string }[] = [
  { value: 'owner', label: 'Owner', description: 'Everything, and other owners' },
  { value: 'admin', label: 'Admin', description: 'Everything but owners' },
  { value: 'billing', label: 'Billing', description: 'Plan, invoices and usage' },
  { value: 'member', label: 'Member', description: 'Convert, and see usage' },
];
