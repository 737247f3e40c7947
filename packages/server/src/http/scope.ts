/** What an API key may do. */
export const scopes = [
  'conversions:write',
  'conversions:read',
  'usage:read',
  'billing:read',
  'billing:write',
  'webhooks:write',
  'keys:write',
  'audit:read',
] as const;

export type Scope = (typeof scopes)[number];
