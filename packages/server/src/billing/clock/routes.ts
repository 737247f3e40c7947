import { z } from 'zod';
import { timeField } from '../../http/fields.ts';
import { defineRoute } from '../../http/route.ts';
import type { Route } from '../../http/route.ts';
import { advanceClock, readClock } from './clock.ts';
import { requireBilling } from '../deps.ts';
import type { Billing } from '../open-billing.ts';

const clockSchema = z
  .object({
    object: z.literal('clock'),
    /** Business time: what periods, invoices and grace go by. */
    now: z.string(),
    /** With `simulator` it can be moved. */
    billing_mode: z.enum(['stripe', 'simulator', 'off']),
  })
  .meta({ id: 'Clock' });

const advanceSchema = z.strictObject({
  advance_to: timeField,
});

const url = '/v1/admin/clock';
const tag = 'Administration';
const access = { kind: 'super_admin' } as const;

/** Business time, and moving it with the simulator. */
export function clockRoutes(billing: Billing | null): Route[] {
  const find = defineRoute({
    method: 'GET',
    url,
    operationId: 'getClock',
    summary: 'What time business goes by',
    tag,
    access,
    responses: { 200: clockSchema },
    errors: [],
    handler: ({ ctx }) => Promise.resolve(readClock(ctx.clock, billing?.deps.mode ?? 'off')),
  });
  const advance = defineRoute({
    method: 'POST',
    url,
    operationId: 'advanceClock',
    summary: 'Move business time forward (billing simulator only)',
    description:
      'Moves the simulator and this server together; whatever falls due on the way (renewals, ' +
      'charges, mails, the end of a grace) happens in order, and the answer comes when it is done.',
    tag,
    access,
    body: advanceSchema,
    responses: { 200: clockSchema },
    errors: ['conflict'],
    handler: async ({ body }) => {
      const deps = requireBilling(billing?.deps ?? null);
      if (billing === null) throw new Error('there are no deps without billing');
      const reading = await advanceClock(deps, new Date(body.advance_to), billing);
      await billing.afterAdvance();
      return reading;
    },
  });
  return [find, advance];
}
