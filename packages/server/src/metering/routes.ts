import { defineRoute, type Route } from '../http/route.ts';
import { findUsageDecision, usageDecisionSchema } from './explain.ts';
import { exportQuery, exportUsage } from './export.ts';
import { historyQuery, historySchema, listUsageHistory } from './history.ts';
import type { RefusalRecorder } from './refusals.ts';
import { findUsage, usageSchema } from './usage.ts';

const base = '/v1/workspaces/:workspaceId/usage';
const tag = 'Usage';
const access = { kind: 'workspace', scope: 'usage:read' } as const;

/** What the usage routes are wired with. */
export interface UsageDeps {
  readonly refusals: RefusalRecorder;
}

/** The usage part of the API. */
export function usageRoutes(deps: UsageDeps): Route[] {
  return [find, history, download, decision(deps)];
}

const find = defineRoute({
  method: 'GET',
  url: base,
  operationId: 'findUsage',
  summary: 'Usage of the current period against the limits',
  tag,
  access,
  responses: { 200: usageSchema },
  errors: [],
  handler: ({ ctx }) => findUsage(ctx),
});

const history = defineRoute({
  method: 'GET',
  url: `${base}/history`,
  operationId: 'listUsageHistory',
  summary: 'Usage over time, in buckets, newest first',
  description:
    'Buckets are whole and those of UTC; each has a row, with zeros where nothing happened. With ' +
    '`group_by` only groups that did something have a row. A page has as many rows as `limit` ' +
    'says, 1,000 without it. At most 731 days at once; with `interval=hour` 31.',
  tag,
  access,
  query: historyQuery,
  responses: { 200: historySchema },
  errors: [],
  handler: ({ ctx, query }) => listUsageHistory(ctx, query),
});

const download = defineRoute({
  method: 'GET',
  url: `${base}/export`,
  operationId: 'exportUsage',
  summary: 'One row per counted conversion, as CSV or NDJSON',
  description: 'In the order of admission, as a stream. The current period, unless said otherwise.',
  tag,
  access,
  query: exportQuery,
  responses: {
    200: {
      description: 'Rows, one a line; `application/x-ndjson` with `format=ndjson`',
      contentType: 'text/csv',
    },
  },
  errors: [],
  handler: async ({ ctx, query, reply }) => {
    const { contentType, filename, stream } = await exportUsage(ctx, query);
    return reply
      .header('content-type', contentType)
      .header('content-disposition', `attachment; filename="${filename}"`)
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'private, no-store')
      .send(stream);
  },
});

const decision = (deps: UsageDeps) =>
  defineRoute({
    method: 'GET',
    url: `${base}/decisions/:requestId`,
    operationId: 'findUsageDecision',
    summary: 'Why a conversion was refused, or charged',
    description:
      'By the `Request-Id` of the reply. Refusals are kept for 7 days, at most 100 a minute.',
    tag,
    access,
    responses: { 200: usageDecisionSchema },
    errors: ['not_found'],
    handler: ({ ctx, params }) => findUsageDecision(ctx, deps.refusals, params.requestId),
  });
