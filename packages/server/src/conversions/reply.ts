import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Context } from '../context.ts';
import { keptHeaders, sendStored } from '../http/register-routes.ts';
import type { ConversionReply, ConversionRequest } from './intake/conversion-request.ts';
import type { ConversionDeps } from './deps.ts';
import { openOutput } from './jobs.ts';
import { presentJob } from './present.ts';
import type { Format } from './engines/engine.ts';
import type { JobRow, StoredOutput } from './schema.ts';

/** Seconds after which a caller who was told 202 may sensibly ask again. */
const pollAfterSeconds = 1;

/** Answers a conversion: the job, or where the caller asked for it the output's bytes. */
export async function sendConversion(
  deps: ConversionDeps,
  call: ConversionRequest,
  answer: ConversionReply,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (answer.kind === 'replayed') return replay(deps, call, answer, reply);
  const { job } = answer;
  reply.header('job-id', job.id);
  const body = JSON.stringify(presentJob(job, deps.settings.publicUrl));
  await keepAnswer(call, {
    status: answer.kind === 'done' ? 201 : 202,
    location: `/v1/workspaces/${job.organization_id}/conversions/${job.id}`,
    body,
  });
  if (answer.kind === 'done' && call.preferences.wantsFile(job.to as Format)) {
    return sendFile(deps, call.ctx, job, answer.bytes, reply);
  }
  return reply.send(body);
}

/** Sets all of an answer but its body, and keeps it under the idempotency key. */
export async function keepAnswer(
  { claim, reply }: ConversionRequest,
  { status, location, body }: { status: 201 | 202; location: string; body: string },
): Promise<void> {
  reply.code(status).header('location', location);
  if (status === 202) reply.header('retry-after', pollAfterSeconds);
  reply.header('content-type', 'application/json; charset=utf-8');
  if (claim?.kind !== 'fresh') return;
  await claim.finish({ status, headers: keptHeaders(reply), body });
}

/** The stored answer is the job; who asked for the file gets the file, while it is kept. */
async function replay(
  deps: ConversionDeps,
  call: ConversionRequest,
  answer: ConversionReply & { kind: 'replayed' },
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { stored, jobId } = answer;
  if (stored.status === 201) {
    const { to } = JSON.parse(stored.body) as { to: Format };
    if (call.preferences.wantsFile(to)) {
      const { output, stream } = await openOutput(call.ctx, deps, jobId);
      reply.code(201).header('job-id', jobId).header('idempotent-replayed', 'true');
      return reply.headers(outputHeaders(output)).send(stream);
    }
  }
  return sendStored(reply, stored);
}

async function sendFile(
  deps: ConversionDeps,
  ctx: Context,
  job: JobRow,
  bytes: Buffer | null,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (bytes !== null && job.output !== null) {
    return reply.headers(outputHeaders(job.output)).send(bytes);
  }
  const { output, stream } = await openOutput(ctx, deps, job.id);
  return reply.headers(outputHeaders(output)).send(stream);
}

/** Headers of an output, which may also be had by ranges. */
export function outputHeaders(output: StoredOutput): Record<string, string> {
  return {
    ...downloadHeaders(output.filename, output.media_type),
    'content-length': String(output.size_bytes),
    etag: etagOf(output),
    'accept-ranges': 'bytes',
  };
}

/**
 * Headers of a download, never a page of ours, whatever a hostile document put into it. The name is
 * given twice, for clients that know RFC 6266 and for those that do not.
 */
export function downloadHeaders(filename: string, mediaType: string): Record<string, string> {
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\]/g, '_');
  const encoded = encodeURIComponent(filename).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return {
    'content-type': mediaType,
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
    'cache-control': 'private, no-store',
  };
}

/** Names the bytes: the same for every copy of the same file. */
export function etagOf({ sha256 }: StoredOutput): string {
  return `"${sha256}"`;
}

/** A stream of text parts, ended when the client is gone. */
export function toEventStream(parts: AsyncGenerator<string>): Readable {
  return Readable.from(parts, { objectMode: false });
}
