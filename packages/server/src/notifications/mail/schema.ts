import { z } from 'zod';
import { listQuery } from '../../http/list.ts';

const status = z.enum(['waiting', 'sent', 'failed']);

const mailFields = {
  id: z.string(),
  object: z.literal('mail'),
  /** Null: to a person, of no workspace. */
  workspace_id: z.string().nullable(),
  topic: z.string(),
  category: z.string(),
  recipient_email: z.string(),
  subject: z.string(),
  status,
  attempts: z.int(),
  /** When the next attempt is due; null once it is sent or given up, and where there is no SMTP. */
  next_attempt_at: z.string().nullable(),
  last_error: z.string().nullable(),
  sent_at: z.string().nullable(),
  created_at: z.string(),
};

export const mailSchema = z.object(mailFields).meta({ id: 'Mail' });

export const renderedMailSchema = z
  .object({ ...mailFields, text: z.string(), html: z.string() })
  .meta({ id: 'RenderedMail' });

export type Mail = z.infer<typeof mailSchema>;
export type RenderedMailObject = z.infer<typeof renderedMailSchema>;

export const listMailsQuery = listQuery.extend({
  status: status.optional(),
  topic: z.string().min(1).max(64).optional(),
});

export const listAllMailsQuery = listMailsQuery.extend({
  workspace_id: z.string().min(1).max(64).optional(),
});
