import { preferHeader, uploadRequest, type ConversionWishes } from './conversion-wishes.ts';
import { convert, type ConvertInput, type ConvertResult } from './convert.ts';
import type { CallOptions, HttpClient } from './http.ts';
import { followJob } from './job-events.ts';
import { listAll, onePage, type ListQuery, type PageInput } from './pages.ts';
import type { Job, JobEvent, JobStatus, List, Quote } from './types.ts';
import { openPart, type FileInput } from './upload.ts';
import { waitUntilFinal, type WaitOptions } from './wait.ts';
import type { WorkspacePath } from './workspace.ts';

export interface CreateConversionInput extends ConversionWishes {
  /** A path (Node), Blob, File, bytes or stream; a stream cannot be sent again after a failure. */
  file?: FileInput | undefined;
  /** In place of `file`: a public http or https URL, which the server fetches. */
  sourceUrl?: string | undefined;
  /** Name shown for the input; by default the path's or File's own. */
  filename?: string | undefined;
  /** After an abort, milliseconds to wait for the reply to an upload that was sent whole. */
  abortGraceMs?: number | undefined;
}

export interface ListConversionsInput {
  status?: JobStatus | undefined;
  type?: string | undefined;
  /** RFC 3339. */
  createdAfter?: string | undefined;
  createdBefore?: string | undefined;
  /** Objects a page, 1 to 100. */
  limit?: number | undefined;
}

/** The workspace's conversions. Every method throws `MutateError`. */
export class Conversions {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Uploads a file and starts its conversion; the job may be finished already. */
  async create(input: CreateConversionInput): Promise<Job> {
    if (input.sourceUrl !== undefined) return this.#import(input.sourceUrl, input);
    if (input.file === undefined) throw new TypeError('Give a file or a sourceUrl.');
    const part = await openPart('file', input.file, input.filename);
    return this.#http.json<Job>({
      ...uploadRequest(input, [part]),
      path: await this.#workspace.to('conversions'),
      abortGraceMs: input.abortGraceMs,
    });
  }

  /**
   * Uploads, waits until the job is done, and opens its output. An abort cancels the job.
   * @throws MutateError also for a job that failed or was cancelled
   */
  convert(input: ConvertInput): Promise<ConvertResult> {
    return convert(this, input);
  }

  async get(id: string, options: CallOptions = {}): Promise<Job> {
    return this.#http.json<Job>({ method: 'GET', path: await this.#job(id), ...options });
  }

  /** Every job that matches, newest first. */
  async *list(
    input: ListConversionsInput = {},
    options: CallOptions = {},
  ): AsyncGenerator<Job, void, undefined> {
    const path = await this.#workspace.to('conversions');
    const query = { ...filterOf(input), limit: input.limit };
    yield* listAll<Job>(this.#http, path, query, options.signal);
  }

  /** One page of the jobs that match, newest first. */
  async page(input: ListConversionsInput & PageInput = {}): Promise<List<Job>> {
    const path = await this.#workspace.to('conversions');
    return onePage<Job>(this.#http, path, input, filterOf(input));
  }

  /** The output's bytes; cancel the stream when you stop early. */
  async output(id: string, options: CallOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return this.#http.stream({
      method: 'GET',
      path: await this.#job(id, 'output'),
      headers: { accept: '*/*' },
      ...options,
    });
  }

  /** The job's progress as it happens; ends with the job's last state. Reconnects by itself. */
  async *events(id: string, options: CallOptions = {}): AsyncGenerator<JobEvent, void, undefined> {
    yield* followJob(this.#http, await this.#job(id, 'events'), options.signal);
  }

  /** The job once it is final, however it ended; by events, or by polling where they are blocked. */
  wait(id: string, options: WaitOptions = {}): Promise<Job> {
    return waitUntilFinal(this, id, options);
  }

  async cancel(id: string, options: CallOptions = {}): Promise<Job> {
    const path = await this.#job(id, 'cancel');
    return this.#http.json<Job>({ method: 'POST', path, ...options });
  }

  /** Deletes the job's files at once; its usage record stays. */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#http.nothing({ method: 'DELETE', path: await this.#job(id), ...options });
  }

  /** What admission would decide now, and the price; reserves nothing. */
  async quote(input: { to: string; from: string; sizeBytes: number }): Promise<Quote> {
    return this.#http.json<Quote>({
      method: 'POST',
      path: await this.#workspace.to('conversions', 'quote'),
      json: { to: input.to, from: input.from, size_bytes: input.sizeBytes },
    });
  }

  async #import(sourceUrl: string, input: CreateConversionInput): Promise<Job> {
    if (input.file !== undefined) throw new TypeError('Give a file or a sourceUrl, not both.');
    const { to, from, options, metadata } = input;
    return this.#http.json<Job>({
      method: 'POST',
      path: await this.#workspace.to('conversions'),
      headers: preferHeader(input),
      json: { source_url: sourceUrl, to, from, options, metadata },
      idempotencyKey: input.idempotencyKey,
      signal: input.signal,
    });
  }

  #job(id: string, ...rest: string[]): Promise<string> {
    return this.#workspace.to('conversions', id, ...rest);
  }
}

function filterOf(input: ListConversionsInput): ListQuery {
  return {
    status: input.status,
    type: input.type,
    created_after: input.createdAfter,
    created_before: input.createdBefore,
  };
}
