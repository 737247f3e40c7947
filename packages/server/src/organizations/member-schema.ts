import { z } from 'zod';
import { roles } from '../http/role.ts';

export const memberSchema = z
  .object({
    id: z.string(),
    object: z.literal('member'),
    workspace_id: z.string(),
    user_id: z.string(),
    name: z.string(),
    email: z.string(),
    role: z.enum(roles),
    created_at: z.string(),
  })
  .meta({ id: 'Member' });

export type Member = z.infer<typeof memberSchema>;

export const updateMemberSchema = z.strictObject({ role: z.enum(roles) });

export const deletedMemberSchema = z.object({
  id: z.string(),
  object: z.literal('member'),
  deleted: z.literal(true),
});

/** Somebody who was asked to join and has not answered. */
export const invitationSchema = z
  .object({
    id: z.string(),
    object: z.literal('invitation'),
    workspace_id: z.string(),
    email: z.string(),
    role: z.enum(roles),
    status: z.enum(['pending', 'expired']),
    invited_by: z.object({ kind: z.string(), id: z.string() }),
    created_at: z.string(),
    sent_at: z.string(),
    expires_at: z.string(),
  })
  .meta({ id: 'Invitation' });

export type Invitation = z.infer<typeof invitationSchema>;

export const createInvitationSchema = z.strictObject({
  email: z.email('must be a mail address').max(254),
  role: z.enum(roles).default('member'),
});

export type CreateInvitation = z.infer<typeof createInvitationSchema>;

export const deletedInvitationSchema = z.object({
  id: z.string(),
  object: z.literal('invitation'),
  deleted: z.literal(true),
});

/** What the link of an invitation shows to whoever holds it. */
export const openInvitationSchema = z
  .object({
    object: z.literal('invitation'),
    workspace_name: z.string(),
    email: z.string(),
    role: z.enum(roles),
    expires_at: z.string(),
  })
  .meta({ id: 'OpenInvitation' });

export type OpenInvitation = z.infer<typeof openInvitationSchema>;
