/** What a member may do in a workspace; the table is in role-matrix.ts. */
export const roles = ['owner', 'admin', 'billing', 'member'] as const;

export type Role = (typeof roles)[number];
