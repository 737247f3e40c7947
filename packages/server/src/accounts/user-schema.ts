import { z } from 'zod';
import { listQuery } from '../http/list.ts';
import { roles } from '../http/role.ts';
import { displayText } from '../organizations/schema.ts';

/** A user as the super admin sees them. */
export const adminUserSchema = z
  .object({
    id: z.string(),
    object: z.literal('user'),
    name: z.string(),
    email: z.string(),
    email_verified: z.boolean(),
    two_factor_enabled: z.boolean(),
    is_super_admin: z.boolean(),
    banned: z.boolean(),
    ban_reason: z.string().nullable(),
    workspaces: z.array(z.object({ id: z.string(), name: z.string(), role: z.enum(roles) })),
    created_at: z.string(),
  })
  .meta({ id: 'AdminUser' });

export type AdminUser = z.infer<typeof adminUserSchema>;

export const listUsersQuery = listQuery.extend({ search: z.string().min(1).max(100).optional() });

export const updateUserSchema = z.strictObject({
  is_super_admin: z.boolean().optional(),
  banned: z.boolean().optional(),
  ban_reason: displayText(200).nullish(),
});

export type UpdateUser = z.infer<typeof updateUserSchema>;
