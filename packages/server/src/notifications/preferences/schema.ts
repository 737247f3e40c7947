import { z } from 'zod';

export const preferencesSchema = z
  .object({
    object: z.literal('notification_preferences'),
    member_id: z.string(),
    email: z.string(),
    /** What the member wants. */
    usage: z.boolean(),
    billing: z.boolean(),
    security: z.boolean(),
    digest: z.boolean(),
    /** What the member's role is told of and is wanted. */
    receives: z.array(z.enum(['usage', 'billing', 'security', 'digest'])),
  })
  .meta({ id: 'NotificationPreferences' });

export type Preferences = z.infer<typeof preferencesSchema>;

export const updatePreferencesSchema = z.strictObject({
  usage: z.boolean().optional(),
  billing: z.boolean().optional(),
  digest: z.boolean().optional(),
  security: z.literal(true, 'cannot be switched off').optional(),
});

export type UpdatePreferences = z.infer<typeof updatePreferencesSchema>;
