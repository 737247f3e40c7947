import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../errors.ts';
import { displayFilename } from './multipart-head.ts';
import type { PartHead } from './multipart-head.ts';
import { boundaryOf, MultipartParser } from './multipart-parser.ts';
import type { PartListener } from './multipart-parser.ts';
import { FileIntake, refuseAbove } from './upload-file.ts';
import type { UploadedFile, UploadFileOptions, UploadLimits } from './upload-file.ts';
import { invalidRequest } from './validation.ts';

export interface UploadOptions<Field extends string> extends UploadFileOptions {
  /** The fields that may stand beside `file`. */
  readonly fields: readonly Field[];
  /** How long the client may send nothing. */
  readonly idleMsMax?: number;
}

export interface Upload<Field extends string> {
  readonly fields: Readonly<Partial<Record<Field, string>>>;
  readonly file: UploadedFile;
}

const fieldBytesMax = 65_536;
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
  options: UploadOptions<Field>,
): Promise<Upload<Field>> {
  const boundary = boundaryOf(request.headers['content-type']);
  refuseEarly(request, options.limits);
  if (request.headers.expect !== undefined) reply.raw.writeContinue();
  const form = new Form(options);
  try {
    await readBody(request, new MultipartParser(boundary, form), form, options);
    return await form.finish();
  } catch (error) {
    await form.abort();
    throw error;
  }
}

function refuseEarly({ headers }: FastifyRequest, limits: UploadLimits): void {
  const contentLength = Number(headers['content-length'] ?? 0);
  if (contentLength > formBytesMax) refuseAbove(limits, contentLength - formBytesMax);
}

/** Collects what the parser finds. */
class Form<Field extends string> implements PartListener {
  readonly #options: UploadOptions<Field>;
  readonly #fields = new Map<string, string>();
  #file: FileIntake | null = null;
  #filename: string | null = null;
  /** Of the part that is being read; null in the file. */
  #field: { name: string; chunks: Buffer[]; bytes: number } | null = null;

  constructor(options: UploadOptions<Field>) {
    this.#options = options;
  }

  onPart({ name, filename }: PartHead): void {
    const { fields } = this.#options;
    if (name === 'file') {
      if (this.#file !== null) throw refusal('file', 'must be sent exactly once');
      this.#file = new FileIntake(this.#options);
      this.#filename = filename;
      return;
    }
    const isKnown = fields.some((known) => known === name);
    if (!isKnown) {
      throw refusal(name.slice(0, 100), `is not known; there are file, ${fields.join(', ')}`);
    }
    if (this.#fields.has(name)) throw refusal(name, 'must be sent at most once');
    this.#field = { name, chunks: [], bytes: 0 };
  }

  onData(data: Buffer): void {
    const field = this.#field;
    if (field === null) {
      this.#file?.take(data);
      return;
    }
    field.bytes += data.length;
    if (field.bytes > fieldBytesMax) {
      throw refusal(field.name, `must have at most ${fieldBytesMax} bytes`);
    }
    field.chunks.push(data);
  }

  onPartEnd(): void {
    const field = this.#field;
    if (field === null) return;
    this.#field = null;
    this.#fields.set(field.name, Buffer.concat(field.chunks).toString('utf8'));
  }

  get needsFlush(): boolean {
    return this.#file?.needsFlush ?? false;
  }

  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  async finish(): Promise<Upload<Field>> {
    if (this.#file === null) {
      throw refusal('file', 'is required: the document, as a part of multipart/form-data');
    }
    const file = await this.#file.finish(displayFilename(this.#filename));
    const fields = Object.fromEntries(this.#fields) as Partial<Record<Field, string>>;
    return { fields, file };
  }

  async abort(): Promise<void> {
    await this.#file?.abort();
  }
}

/** Feeds the parser by events: an async iterator costs more than the parsing of a small form. */
function readBody<Field extends string>(
  request: FastifyRequest,
  parser: MultipartParser,
  form: Form<Field>,
  { idleMsMax = idleMsMaxDefault }: UploadOptions<Field>,
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

function refusal(field: string, detail: string): AppError {
  return invalidRequest([{ pointer: `/body/${field}`, detail }]);
}

function idled(idleMs: number): AppError {
  const message = `The body stopped arriving for ${idleMs / 1000} s.`;
  return new AppError('invalid_request', message);
}

function disconnected(): AppError {
  const message = 'The connection was closed before the request was complete.';
  return new AppError('invalid_request', message);
}
