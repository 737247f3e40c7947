import { z } from 'zod';
import { countedAsSchema } from '../metering/counted-as.ts';
import { conversionTypeField } from '../http/fields.ts';

/** Sums of a rollup's hour must fit a bigint: 1 TiB a file leaves room for millions of them. */
const bytesMax = 1_099_511_627_776;
const millisecondsMax = 2_147_483_647;

const leaseSeconds = z
  .int()
  .min(1)
  .max(3600)
  .optional()
  .describe('How long the slot is held without a heartbeat.');

export const createReservationSchema = z.strictObject({
  type: conversionTypeField.describe('What it is counted under, such as `XLSX_TO_CSV`.'),
  size_bytes: z.int().nonnegative().max(bytesMax),
  lease_seconds: leaseSeconds.meta({ default: 60 }),
});

export type CreateReservation = z.infer<typeof createReservationSchema>;

export const renewReservationSchema = z.strictObject({ lease_seconds: leaseSeconds }).nullish();

export const completeReservationSchema = z
  .strictObject({
    bytes_out: z.int().nonnegative().max(bytesMax).optional(),
    duration_ms: z
      .int()
      .nonnegative()
      .max(millisecondsMax)
      .optional()
      .describe('Absent: the time since the reservation was made.'),
  })
  .nullish();

export type CompleteReservation = z.infer<typeof completeReservationSchema>;

export const releaseReservationSchema = z
  .strictObject({
    reason: z
      .string()
      .regex(/^[a-z0-9_]{1,64}$/, 'must be 1 to 64 of a-z, 0-9 and _, such as "document_invalid"')
      .optional()
      .describe('Why it failed: counted among the failures. Absent: it was called off.'),
  })
  .nullish();

export type ReleaseReservation = z.infer<typeof releaseReservationSchema>;

/** One unit, and while it is active one slot, held for a converter of the workspace's own. */
export const reservationSchema = z
  .object({
    id: z.string(),
    object: z.literal('reservation'),
    workspace_id: z.string(),
    /** lapsed: its slot is gone for want of a heartbeat, its unit is still held. */
    status: z.enum(['active', 'lapsed', 'completed', 'released', 'expired']),
    type: z.string(),
    size_bytes: z.int(),
    /** Until then the slot is held without a heartbeat; null: there is none. */
    expires_at: z.string().nullable(),
    /** Until then it can be completed. */
    unit_expires_at: z.string().nullable(),
    usage: countedAsSchema,
    api_key_id: z.string().nullable(),
    created_at: z.string(),
    finished_at: z.string().nullable(),
  })
  .meta({ id: 'Reservation' });

export type Reservation = z.infer<typeof reservationSchema>;

export const newReservationSchema = reservationSchema
  .extend({
    verdict: z.enum(['allowed', 'allowed_overage']),
    /** Conversions left in the period after this one; null: without limit. */
    remaining: z.int().nullable(),
  })
  .meta({ id: 'NewReservation' });

export type NewReservation = z.infer<typeof newReservationSchema>;
