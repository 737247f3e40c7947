import { z } from 'zod';
import { timeField } from '../http/fields.ts';
import { listOf, listQuery } from '../http/list.ts';
import { defineRoute, type Route } from '../http/route.ts';
import { requestedRange } from './byte-range.ts';
import { apiKeyOf } from './intake/conversion-request.ts';
import { createConversion } from './create-conversion.ts';
import type { ConversionDeps } from './deps.ts';
import { streamJobEvents } from './events.ts';
import { listFormats } from './registry/routes.ts';
import { cancelJob, findJob, listJobs, openOutput, purgeJob } from './jobs.ts';
import { parsePreferences } from './intake/preferences.ts';
import { presentJob } from './present.ts';
import { quoteConversion, quoteRequestSchema, quoteSchema } from './quote.ts';
import { etagOf, outputHeaders, sendConversion, toEventStream } from './reply.ts';
import { formShape } from './intake/request-fields.ts';
import { jsonRequestSchema } from './intake/receive-upload.ts';
import { intakeErrors, jobSchema, jobStatuses } from './schema.ts';

const base = '/v1/workspaces/:workspaceId/conversions';
const tag = 'Conversions';
const mayRead = { kind: 'workspace', scope: 'conversions:read' } as const;
const mayWrite = { kind: 'workspace', scope: 'conversions:write' } as const;

/** The conversions' part of the API. */
export function conversionRoutes(deps: ConversionDeps): Route[] {
  return [
    create(deps),
    quote(deps),
    list(deps),
    find(deps),
    output(deps),
    events(deps),
    cancel(deps),
    purge(deps),
    listFormats(deps),
  ];
}

const create = (deps: ConversionDeps) =>
  defineRoute({
    method: 'POST',
    url: base,
    operationId: 'createConversion',
    summary: 'Convert a file',
    description:
      'Multipart with `file` and `to`, optional `from`, `options` (JSON), `metadata` (JSON). ' +
      'With `source_url` in place of `file`, or in a JSON body, the server fetches the file. ' +
      'At most 10 MB: 201 with the finished job. Larger, or `Prefer: respond-async`: 202. ' +
      '`Prefer: wait=N` bounds the wait. `?response=file` answers the output itself.',
    tag,
    access: mayWrite,
    idempotency: 'manual',
    rawBody: {
      contentType: 'multipart/form-data',
      schema: z.object({
        file: z.file().optional(),
        source_url: z.string().optional().describe('In place of `file`: where to fetch it'),
        ...formShape,
      }),
      json: jsonRequestSchema,
    },
    query: z.object({ response: z.enum(['job', 'file']).optional() }),
    responses: { 201: jobSchema, 202: jobSchema },
    errors: [
      ...intakeErrors,
      'source_unavailable',
      'unsupported_conversion',
      'document_encrypted',
      'concurrency_limited',
      'conversion_timeout',
    ],
    handler: async ({ ctx, query, caller, claim, request, reply }) => {
      const { prefer, accept } = request.headers;
      const preferences = parsePreferences(prefer, accept, query.response);
      const call = { ctx, request, reply, claim, preferences, apiKeyId: apiKeyOf(caller) };
      const { reply: answer, usageWarning } = await createConversion(deps, call);
      if (usageWarning !== null) reply.header('mutate-usage-warning', usageWarning);
      return sendConversion(deps, call, answer, reply);
    },
  });

const quote = (deps: ConversionDeps) =>
  defineRoute({
    method: 'POST',
    url: `${base}/quote`,
    operationId: 'quoteConversion',
    summary: 'What a conversion would cost, and whether it would be admitted',
    tag,
    access: mayRead,
    body: quoteRequestSchema,
    responses: { 200: quoteSchema },
    errors: ['unsupported_conversion'],
    handler: ({ ctx, body, caller }) => quoteConversion(ctx, deps, apiKeyOf(caller), body),
  });

const list = (deps: ConversionDeps) =>
  defineRoute({
    method: 'GET',
    url: base,
    operationId: 'listConversions',
    summary: 'Conversions, newest first',
    tag,
    access: mayRead,
    query: listQuery.extend({
      status: z.enum(jobStatuses).optional(),
      type: z.string().max(64).optional(),
      created_after: timeField.optional(),
      created_before: timeField.optional(),
    }),
    responses: { 200: listOf(jobSchema) },
    errors: [],
    handler: async ({ ctx, query }) => {
      const { jobs, hasMore } = await listJobs(ctx, {
        status: query.status,
        type: query.type,
        createdAfter: query.created_after,
        createdBefore: query.created_before,
        startingAfter: query.starting_after,
        limit: query.limit,
      });
      return {
        object: 'list' as const,
        data: jobs.map((job) => presentJob(job, deps.settings.publicUrl)),
        has_more: hasMore,
        next_cursor: hasMore ? (jobs.at(-1)?.id ?? null) : null,
      };
    },
  });

const find = (deps: ConversionDeps) =>
  defineRoute({
    method: 'GET',
    url: `${base}/:jobId`,
    operationId: 'findConversion',
    summary: 'One conversion',
    tag,
    access: mayRead,
    responses: { 200: jobSchema },
    errors: ['not_found'],
    handler: async ({ ctx, params }) =>
      presentJob(await findJob(ctx, params.jobId), deps.settings.publicUrl),
  });

const output = (deps: ConversionDeps) =>
  defineRoute({
    method: 'GET',
    url: `${base}/:jobId/output`,
    operationId: 'downloadOutput',
    summary: "A conversion's output, all or a range of its bytes",
    tag,
    access: mayRead,
    responses: {
      200: { description: 'The output', contentType: 'application/octet-stream' },
      206: { description: 'A part of it', contentType: 'application/octet-stream' },
    },
    errors: ['not_found', 'conflict', 'expired', 'range_not_satisfiable'],
    handler: async ({ ctx, params, request, reply }) => {
      const opened = await openOutput(ctx, deps, params.jobId, (stored) => {
        const { size_bytes: size } = stored;
        reply.header('content-range', `bytes */${size}`);
        return requestedRange(request.headers, etagOf(stored), size);
      });
      reply.removeHeader('content-range');
      reply.headers(outputHeaders(opened.output)).header('job-id', params.jobId);
      if (opened.range !== null) {
        const { start, end } = opened.range;
        reply
          .code(206)
          .header('content-length', end - start + 1)
          .header('content-range', `bytes ${start}-${end}/${opened.output.size_bytes}`);
      }
      return reply.send(opened.stream);
    },
  });

const events = (deps: ConversionDeps) =>
  defineRoute({
    method: 'GET',
    url: `${base}/:jobId/events`,
    operationId: 'streamConversionEvents',
    summary: 'Progress of a conversion, as server-sent events',
    tag,
    access: mayRead,
    responses: {
      200: { description: '`progress` events, then `done`', contentType: 'text/event-stream' },
    },
    errors: ['not_found'],
    handler: async ({ ctx, params, request, reply }) => {
      await findJob(ctx, params.jobId);
      const gone = new AbortController();
      request.raw.once('close', () => gone.abort());
      const signal = AbortSignal.any([gone.signal, deps.closing]);
      const parts = streamJobEvents(ctx, params.jobId, deps.settings.publicUrl, signal);
      reply
        .header('content-type', 'text/event-stream')
        .header('cache-control', 'no-store')
        .header('x-accel-buffering', 'no');
      return reply.send(toEventStream(parts));
    },
  });

const cancel = (deps: ConversionDeps) =>
  defineRoute({
    method: 'POST',
    url: `${base}/:jobId/cancel`,
    operationId: 'cancelConversion',
    summary: 'Cancel a conversion that waits or runs',
    tag,
    access: mayWrite,
    responses: { 200: jobSchema },
    errors: ['not_found', 'conflict'],
    handler: async ({ ctx, params }) =>
      presentJob(await cancelJob(ctx, deps, params.jobId), deps.settings.publicUrl),
  });

const purge = (deps: ConversionDeps) =>
  defineRoute({
    method: 'DELETE',
    url: `${base}/:jobId`,
    operationId: 'deleteConversion',
    summary: "Delete a conversion's files; its usage record stays",
    tag,
    access: mayWrite,
    responses: { 204: null },
    errors: ['not_found', 'conflict'],
    handler: async ({ ctx, params }) => {
      await purgeJob(ctx, deps, params.jobId);
      return null;
    },
  });
