import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Context } from '../../context.ts';
import { sendStored } from '../../http/register-routes.ts';
import { defineRoute, type Route } from '../../http/route.ts';
import { apiKeyOf, type ConversionRequest } from '../intake/conversion-request.ts';
import type { ConversionDeps } from '../deps.ts';
import { parsePreferences } from '../intake/preferences.ts';
import { formShape } from '../intake/request-fields.ts';
import { downloadHeaders, keepAnswer } from '../reply.ts';
import { intakeErrors } from '../schema.ts';
import { findBatch, loadBatch, presentBatch, zipFilename, type BatchState } from './batches.ts';
import { createBatch } from './create-batch.ts';
import { batchFilesMax } from './bounds.ts';
import { jsonBatchSchema } from './receive-batch.ts';
import { batchSchema, type Batch } from './schema.ts';
import { zipOutputs } from './zip-outputs.ts';

const base = '/v1/workspaces/:workspaceId/conversions/batch';
const tag = 'Conversions';

/** The batches' part of the API. */
export function batchRoutes(deps: ConversionDeps): Route[] {
  return [create(deps), find(deps), output(deps)];
}

const create = (deps: ConversionDeps) =>
  defineRoute({
    method: 'POST',
    url: base,
    operationId: 'createBatch',
    summary: 'Convert several files',
    description:
      `Multipart with up to ${batchFilesMax} \`file\` parts or \`source_url\` fields, or one ` +
      '`archive` (ZIP), and `to`, `from`, `options`, `metadata` for all of them. Each file is ' +
      'admitted and counted by itself; what speaks against one is told in its entry of `data`. ' +
      'A small batch is waited for: 201. Larger, or `Prefer: respond-async`: 202, and ' +
      '`GET …/conversions/batch/{id}` tells how far it is. `?response=zip` answers the outputs.',
    tag,
    access: { kind: 'workspace', scope: 'conversions:write' },
    idempotency: 'manual',
    rawBody: {
      contentType: 'multipart/form-data',
      schema: z.object({
        file: z.array(z.file()).max(batchFilesMax).optional(),
        archive: z.file().optional().describe('A ZIP of the files, in their place'),
        source_url: z.array(z.string()).max(batchFilesMax).optional(),
        ...formShape,
      }),
      json: jsonBatchSchema,
    },
    query: z.object({ response: z.enum(['batch', 'zip']).optional() }),
    responses: { 201: batchSchema, 202: batchSchema },
    errors: intakeErrors,
    handler: async ({ ctx, query, caller, claim, request, reply }) => {
      const { prefer, accept } = request.headers;
      const preferences = parsePreferences(prefer, undefined, undefined);
      const call = { ctx, request, reply, claim, preferences, apiKeyId: apiKeyOf(caller) };
      const made = await createBatch(deps, call);
      const wantsZip = query.response === 'zip' || accept === 'application/zip';
      if (made.kind === 'replayed') {
        if (!wantsZip || made.stored.status !== 201) return sendStored(reply, made.stored);
        const state = await findBatch(ctx, made.batchId);
        reply.code(201).header('idempotent-replayed', 'true');
        return sendOutcome(deps, call, { state, wantsZip });
      }
      if (made.usageWarning !== null) reply.header('mutate-usage-warning', made.usageWarning);
      const state = await loadBatch(ctx, made.row);
      const batch = presentBatch(state, deps.settings.publicUrl);
      await keepAnswer(call, {
        status: batch.status === 'completed' ? 201 : 202,
        location: `/v1/workspaces/${batch.workspace_id}/conversions/batch/${batch.id}`,
        body: JSON.stringify(batch),
      });
      return sendOutcome(deps, call, { state, wantsZip });
    },
  });

/** The batch; or its ZIP, where the caller wants it and there is one. */
function sendOutcome(
  deps: ConversionDeps,
  { ctx, reply }: ConversionRequest,
  { state, wantsZip }: { state: BatchState; wantsZip: boolean },
): FastifyReply {
  const batch = presentBatch(state, deps.settings.publicUrl);
  if (wantsZip && batch.output !== null) return sendZip(deps, ctx, reply, state, batch);
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(batch));
}

function sendZip(
  deps: ConversionDeps,
  ctx: Context,
  reply: FastifyReply,
  state: BatchState,
  { id, counts }: Batch,
): FastifyReply {
  const stream = zipOutputs(ctx, deps, state);
  return reply
    .headers(downloadHeaders(zipFilename(id), 'application/zip'))
    .header('batch-id', id)
    .header('batch-failed', counts.total - counts.succeeded)
    .send(stream);
}

const find = (deps: ConversionDeps) =>
  defineRoute({
    method: 'GET',
    url: `${base}/:batchId`,
    operationId: 'findBatch',
    summary: 'One batch, with its jobs as they are now',
    tag,
    access: { kind: 'workspace', scope: 'conversions:read' },
    responses: { 200: batchSchema },
    errors: ['not_found'],
    handler: async ({ ctx, params }) =>
      presentBatch(await findBatch(ctx, params.batchId), deps.settings.publicUrl),
  });

const output = (deps: ConversionDeps) =>
  defineRoute({
    method: 'GET',
    url: `${base}/:batchId/output`,
    operationId: 'downloadBatch',
    summary: 'The outputs of a completed batch in one ZIP',
    description:
      'Names are made unique. Where a file has no output, `batch-results.json` in the ZIP tells why.',
    tag,
    access: { kind: 'workspace', scope: 'conversions:read' },
    responses: { 200: { description: 'The ZIP', contentType: 'application/zip' } },
    errors: ['not_found', 'conflict', 'expired'],
    handler: async ({ ctx, params, reply }) => {
      const state = await findBatch(ctx, params.batchId);
      const batch = presentBatch(state, deps.settings.publicUrl);
      return sendZip(deps, ctx, reply, state, batch);
    },
  });
