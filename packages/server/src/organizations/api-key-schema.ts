import { z } from 'zod';
import { timeField } from '../http/fields.ts';
import { scopes } from '../http/scope.ts';
import { isAddressRange } from './address-ranges.ts';
import { displayText } from './schema.ts';

export const apiKeySchema = z
  .object({
    id: z.string(),
    object: z.literal('api_key'),
    workspace_id: z.string(),
    name: z.string(),
    /** The last four characters of the key. */
    hint: z.string(),
    scopes: z.array(z.enum(scopes)),
    /** Conversions a usage period that this key may make; null: as many as the workspace. */
    monthly_limit: z.int().nullable(),
    /** Addresses and CIDR ranges it may be used from; null: from everywhere. */
    allowed_ips: z.array(z.string()).nullable(),
    expires_at: z.string().nullable(),
    /** To the minute. */
    last_used_at: z.string().nullable(),
    /** After a rotation: the secret before, which is good until then. */
    previous: z
      .object({
        hint: z.string(),
        expires_at: z.string(),
        last_used_at: z.string().nullable(),
      })
      .nullable(),
    rotated_at: z.string().nullable(),
    /** `name`: of a user that there is. */
    created_by: z.object({ kind: z.string(), id: z.string(), name: z.string().nullable() }),
    created_at: z.string(),
  })
  .meta({ id: 'ApiKey' });

export type ApiKey = z.infer<typeof apiKeySchema>;

/** `key` is absent when an Idempotency-Key replays the reply: it is shown once. */
export const newApiKeySchema = apiKeySchema
  .extend({ key: z.string().optional() })
  .meta({ id: 'NewApiKey' });

export type NewApiKey = ApiKey & { key: string };

export const createApiKeySchema = z.strictObject({
  name: displayText(100),
  scopes: z
    .array(z.enum(scopes))
    .min(1)
    .max(scopes.length)
    .refine((values) => new Set(values).size === values.length, 'must name each scope once')
    .optional(),
  expires_at: timeField.nullish(),
  monthly_limit: z.int().min(0).nullish(),
  allowed_ips: z
    .array(
      z.string().refine(isAddressRange, 'must be an IP address or a range such as "10.0.0.0/8"'),
    )
    .min(1)
    .max(50)
    .nullish(),
});

export type CreateApiKey = z.infer<typeof createApiKeySchema>;

export const rotateApiKeySchema = z
  .strictObject({
    /** Seconds for which the secret before is good; 0: not at all. */
    expires_in: z.int().min(0).max(2_592_000).default(86_400),
  })
  .prefault({});

export type RotateApiKey = z.infer<typeof rotateApiKeySchema>;

export const deletedApiKeySchema = z.object({
  id: z.string(),
  object: z.literal('api_key'),
  deleted: z.literal(true),
});
