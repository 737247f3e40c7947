import { z } from 'zod';
import { defineRoute } from '../../http/route.ts';
import type { ConversionDeps } from '../deps.ts';

const formatFactsSchema = z
  .object({ title: z.string(), media_type: z.string(), extensions: z.array(z.string()) })
  .meta({ id: 'FormatFacts' });

const entryShape = {
  type: z.string(),
  from: z.string(),
  to: z.string(),
  source: formatFactsSchema,
  target: formatFactsSchema,
  via: z.array(z.string()).describe('The formats between the steps of a chain'),
  engine: z.string(),
};

const offeredSchema = z
  .object({
    object: z.literal('format'),
    ...entryShape,
    available: z.literal(true),
    options: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Format' });

const missingSchema = z.object({
  ...entryShape,
  available: z.literal(false),
  reason: z.string(),
});

/** What can be converted here. */
export const listFormats = (deps: ConversionDeps) =>
  defineRoute({
    method: 'GET',
    url: '/v1/formats',
    operationId: 'listFormats',
    summary: 'Every conversion on offer, with its options',
    description: '`unavailable` has the engines that are not used here, each with its reason.',
    tag: 'Conversions',
    access: { kind: 'public' },
    responses: {
      200: z.object({
        object: z.literal('list'),
        data: z.array(offeredSchema),
        unavailable: z.array(missingSchema),
      }),
    },
    errors: [],
    handler: async () => {
      const entries = deps.registry.list();
      return {
        object: 'list' as const,
        data: entries
          .filter((entry) => entry.available)
          .map((entry) => ({ object: 'format' as const, ...entry })),
        unavailable: entries.filter((entry) => !entry.available),
      };
    },
  });
