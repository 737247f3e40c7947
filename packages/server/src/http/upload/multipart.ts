import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../../errors.ts';
import { boundaryOf, MultipartParser } from './multipart-parser.ts';
import { FormIntake, refusal, refuseTotal } from './form-intake.ts';
import type { Form, FormOptions } from './form-intake.ts';
import { refuseAbove } from './upload-file.ts';
import type { UploadedFile, UploadFileOptions } from './upload-file.ts';

export interface UploadOptions<Field extends string> extends UploadFileOptions {
  readonly fields: readonly Field[];
  /** The field that may stand in the file's place. */
  readonly insteadOfFile?: Field;
  readonly idleMsMax?: number;
}

export interface Upload<Field extends string> {
  readonly fields: Readonly<Partial<Record<Field, string>>>;
  /** Null only where the field was sent that may stand in its place. */
  readonly file: UploadedFile | null;
}

const idleMsMaxDefault = 60_000;
/** What a form may need around its file before its length alone speaks against it. */
const formBytesMax = 1_048_576;

/**
 * Streams a form with exactly one `file` and some fields, in any order. A small file stays in
 * memory; a larger one goes into the sink as it arrives, at the pace of the sink.
 *
 * The caller owns what a finished sink holds. After an error nothing is left of it.
 *
 * @throws AppError `invalid_request`; `file_too_large`, before the first byte where Content-Length
 *   tells, else at the byte that crosses the limit
 */
export async function readUpload<Field extends string>(
  request: FastifyRequest,
  reply: FastifyReply,
  { insteadOfFile, ...options }: UploadOptions<Field>,
): Promise<Upload<Field>> {
  const form = await readForm(request, reply, {
    ...options,
    check: ({ fields, files }) => {
      if (files.length + (isSent(fields, insteadOfFile) ? 1 : 0) === 1) return;
      const or = insteadOfFile === undefined ? '' : `, or ${insteadOfFile} instead`;
      const many = files.length > 0 ? `must not be sent beside ${insteadOfFile ?? ''}` : null;
      const missing = `is required: the document, as a part of multipart/form-data${or}`;
      throw refusal('file', many ?? missing);
    },
  });
  const fields: Partial<Record<Field, string>> = {};
  for (const name of options.fields) {
    const [value] = form.fields[name] ?? [];
    if (value !== undefined) fields[name] = value;
  }
  const [sent] = form.files;
  if (sent === undefined) return { fields, file: null };
  if (sent.file instanceof AppError) throw sent.file;
  return { fields, file: sent.file };
}

function isSent<Field extends string>(fields: Form<Field>['fields'], name?: Field): boolean {
  return name !== undefined && fields[name] !== undefined;
}

/**
 * Streams a form with some files and fields, in any order; as `readUpload` does with one.
 *
 * @param options.check looks at what came before the files are finished; throwing leaves none of them
 */
export async function readForm<Field extends string>(
  request: FastifyRequest,
  reply: FastifyReply,
  options: FormOptions<Field> & {
    check?(sent: Pick<FormIntake<Field>, 'fields' | 'files'>): void;
  },
): Promise<Form<Field>> {
  const boundary = boundaryOf(request.headers['content-type']);
  refuseEarly(request, options);
  if (request.headers.expect !== undefined) reply.raw.writeContinue();
  const form = new FormIntake(options);
  try {
    await readBody(request, new MultipartParser(boundary, form, options.partsMax), form, options);
    options.check?.(form);
    return await form.finish();
  } catch (error) {
    await form.abort();
    throw error;
  }
}

function refuseEarly(
  { headers }: FastifyRequest,
  { limits, totalBytesMax }: Pick<FormOptions<string>, 'limits' | 'totalBytesMax'>,
): void {
  const bytes = Number(headers['content-length'] ?? 0) - formBytesMax;
  if (totalBytesMax === undefined) refuseAbove(limits, bytes);
  else refuseTotal(totalBytesMax, bytes);
}

/** Feeds the parser by events: an async iterator costs more than the parsing of a small form. */
function readBody<Field extends string>(
  request: FastifyRequest,
  parser: MultipartParser,
  form: FormIntake<Field>,
  { idleMsMax = idleMsMaxDefault }: FormOptions<Field>,
): Promise<void> {
  const { raw } = request;
  return new Promise((resolve) => {
    let flushing: Promise<void> | null = null;
    let isOver = false;
    const idle = setTimeout(() => {
      // Not the client is slow but the disk.
      if (flushing === null) end(idled(idleMsMax));
    }, idleMsMax);

    const end = (error?: Error): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(idle);
      raw.off('data', onData).off('end', onEnd).off('close', onClose);
      if (error !== undefined) raw.pause();
      // The sink may be at work on a chunk: it must be done before it is finished or aborted.
      if (flushing === null && error === undefined) resolve();
      else resolve(outcomeOf(flushing, error));
    };
    const attempt = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        end(toError(error));
      }
    };
    const flush = (): void => {
      raw.pause();
      flushing = form.flush();
      flushing.then(
        () => {
          flushing = null;
          idle.refresh();
          if (!isOver) raw.resume();
        },
        (error: unknown) => end(toError(error)),
      );
    };
    const onData = (chunk: Buffer): void => {
      idle.refresh();
      attempt(() => parser.push(chunk));
      if (!isOver && form.needsFlush) flush();
    };
    const onEnd = (): void => {
      attempt(() => parser.end());
      end();
    };
    const onClose = (): void => end(disconnected());
    raw.on('data', onData).on('end', onEnd).on('close', onClose);
    // Stays: a reset may still be reported after the reading is over.
    raw.on('error', () => end(disconnected()));
    if (raw.destroyed) end(disconnected());
  });
}

async function outcomeOf(flushing: Promise<void> | null, error?: Error): Promise<void> {
  const [flushed] = await Promise.allSettled([flushing]);
  if (error !== undefined) throw error;
  if (flushed.status === 'rejected') await flushing;
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function idled(idleMs: number): AppError {
  const message = `The body stopped arriving for ${idleMs / 1000} s.`;
  return new AppError('invalid_request', message);
}

function disconnected(): AppError {
  const message = 'The connection was closed before the request was complete.';
  return new AppError('invalid_request', message);
}
