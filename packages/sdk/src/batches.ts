import { MutateError } from './errors.ts';
import type { CallOptions, HttpClient } from './http.ts';
import { preferHeader } from './prefer.ts';
import { sleep } from './retry.ts';
import type { Batch } from './types.ts';
import {
  openFile,
  Upload,
  type FileInput,
  type UploadPart,
  type UploadProgress,
} from './upload.ts';
import type { WorkspacePath } from './workspace.ts';

export interface CreateBatchInput {
  /** Paths (Node), Blobs, Files, bytes or streams, or these with a name. At most 100 with the URLs. */
  files?: readonly (FileInput | { file: FileInput; filename: string })[] | undefined;
  /** A ZIP of the files, in their place. */
  archive?: FileInput | undefined;
  /** Where the server fetches files: public http or https URLs. */
  sourceUrls?: readonly string[] | undefined;
  /** Target format of all of them, such as `csv`. */
  to: string;
  from?: string | undefined;
  options?: Record<string, unknown> | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** Seconds the server may keep the request open before it answers 202. */
  wait?: number | undefined;
  /** Queue the jobs and answer at once. */
  respondAsync?: boolean | undefined;
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
  onUpload?: ((progress: UploadProgress) => void) | undefined;
}

export interface WaitForBatchOptions extends CallOptions {
  /** Stop waiting after so many seconds, with `wait_timed_out`; the jobs go on. */
  timeoutSeconds?: number | undefined;
  /** Runs with every state of the batch that is seen, the last one included. */
  onBatch?: ((batch: Batch) => void) | undefined;
}

const pollMsFirst = 300;
const pollMsMax = 3_000;

/** Several files in one request, each a conversion by itself. Every method throws `MutateError`. */
export class Batches {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Uploads the files and starts their conversions; what speaks against one is told in `data`. */
  async create(input: CreateBatchInput): Promise<Batch> {
    const parts: UploadPart[] = [];
    for (const file of input.files ?? []) parts.push(await toPart(file));
    if (input.archive !== undefined) {
      const { content, filename } = await openFile(input.archive);
      parts.push({ name: 'archive', content, filename: filename ?? 'archive.zip' });
    }
    return this.#http.json<Batch>({
      method: 'POST',
      path: await this.#workspace.to('conversions', 'batch'),
      headers: preferHeader(input),
      upload: new Upload(fieldsOf(input), parts, input.onUpload),
      idempotencyKey: input.idempotencyKey,
      signal: input.signal,
    });
  }

  async get(id: string, options: CallOptions = {}): Promise<Batch> {
    return this.#http.json<Batch>({ method: 'GET', path: await this.#batch(id), ...options });
  }

  /** The batch once all its jobs have ended, however they ended. */
  async wait(id: string, options: WaitForBatchOptions = {}): Promise<Batch> {
    const { timeoutSeconds = Infinity, onBatch, signal } = options;
    const deadlineMs = performance.now() + timeoutSeconds * 1000;
    for (let delayMs = pollMsFirst; ; delayMs = Math.min(pollMsMax, delayMs * 1.5)) {
      const batch = await this.get(id, { signal });
      onBatch?.(batch);
      if (batch.status === 'completed') return batch;
      if (performance.now() + delayMs > deadlineMs) throw waitedTooLong(timeoutSeconds);
      await sleep(delayMs, signal);
    }
  }

  /** The outputs in one ZIP; cancel the stream when you stop early. */
  async output(id: string, options: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return this.#http.stream({
      method: 'GET',
      path: await this.#batch(id, 'output'),
      headers: { accept: '*/*' },
      ...options,
    });
  }

  /** Creates a batch and waits until it is completed. */
  async convert(
    input: CreateBatchInput & Pick<WaitForBatchOptions, 'timeoutSeconds' | 'onBatch'>,
  ): Promise<Batch> {
    const { timeoutSeconds, onBatch, signal } = input;
    const batch = await this.create(input);
    onBatch?.(batch);
    if (batch.status === 'completed') return batch;
    return this.wait(batch.id, { timeoutSeconds, onBatch, signal });
  }

  #batch(id: string, ...rest: string[]): Promise<string> {
    return this.#workspace.to('conversions', 'batch', id, ...rest);
  }
}

async function toPart(
  given: FileInput | { file: FileInput; filename: string },
): Promise<UploadPart> {
  const isNamed = typeof given === 'object' && 'file' in given;
  const { content, filename } = await openFile(isNamed ? given.file : given);
  return { name: 'file', content, filename: (isNamed ? given.filename : filename) ?? 'file' };
}

function fieldsOf(input: CreateBatchInput): [string, string][] {
  const fields: [string, string][] = [['to', input.to]];
  if (input.from !== undefined) fields.push(['from', input.from]);
  if (input.options !== undefined) fields.push(['options', JSON.stringify(input.options)]);
  if (input.metadata !== undefined) fields.push(['metadata', JSON.stringify(input.metadata)]);
  for (const url of input.sourceUrls ?? []) fields.push(['source_url', url]);
  return fields;
}

function waitedTooLong(timeoutSeconds: number): MutateError {
  return new MutateError(`The batch is not done after ${timeoutSeconds} s.`, {
    code: 'wait_timed_out',
    retryable: true,
  });
}
