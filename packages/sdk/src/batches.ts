import { uploadRequest, type ConversionWishes } from './conversion-wishes.ts';
import type { CallOptions, HttpClient } from './http.ts';
import type { Batch } from './types.ts';
import { openPart, type FileInput, type UploadPart } from './upload.ts';
import { askUntil, withinTime } from './wait.ts';
import type { WorkspacePath } from './workspace.ts';

/** `to` and the rest are for all of its files. */
export interface CreateBatchInput extends ConversionWishes {
  /** Paths (Node), Blobs, Files, bytes or streams, or these with a name. At most 100 with the URLs. */
  files?: readonly (FileInput | { file: FileInput; filename: string })[] | undefined;
  /** A ZIP of the files, in their place. */
  archive?: FileInput | undefined;
  /** Where the server fetches files: public http or https URLs. */
  sourceUrls?: readonly string[] | undefined;
}

export interface WaitForBatchOptions extends CallOptions {
  /** Stop waiting after so many seconds, with `wait_timed_out`; the jobs go on. */
  timeoutSeconds?: number | undefined;
  /** Runs with every state of the batch that is seen, the last one included. */
  onBatch?: ((batch: Batch) => void) | undefined;
}

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
    for (const given of input.files ?? []) {
      const isNamed = typeof given === 'object' && 'file' in given;
      parts.push(
        await (isNamed ? openPart('file', given.file, given.filename) : openPart('file', given)),
      );
    }
    if (input.archive !== undefined) parts.push(await openPart('archive', input.archive));
    return this.#http.json<Batch>({
      ...uploadRequest(input, parts, input.sourceUrls),
      path: await this.#workspace.to('conversions', 'batch'),
    });
  }

  async get(id: string, options: CallOptions = {}): Promise<Batch> {
    return this.#http.json<Batch>({ method: 'GET', path: await this.#batch(id), ...options });
  }

  /** The batch once all its jobs have ended, however they ended. */
  async wait(id: string, options: WaitForBatchOptions = {}): Promise<Batch> {
    return withinTime('batch', options, (signal) =>
      askUntil((batch) => batch.status === 'completed', {
        ask: () => this.get(id, { signal }),
        onState: options.onBatch,
        signal,
      }),
    );
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
