import { ApiKeys } from './api-keys.ts';
import { Batches } from './batches.ts';
import { Catalogue } from './catalogue.ts';
import { Conversions } from './conversions.ts';
import { HttpClient, type CallOptions } from './http.ts';
import { Reservations } from './reservations.ts';
import type { Format, Plan, Usage } from './types.ts';
import { WorkspacePath } from './workspace.ts';

export type { CreateBatchInput, WaitForBatchOptions } from './batches.ts';
export type { CreateApiKeyInput } from './api-keys.ts';
export type { CreateConversionInput, ListConversionsInput } from './conversions.ts';
export type { CallOptions } from './http.ts';
export type { ConvertInput, ConvertProgress, ConvertResult } from './convert.ts';
export type { CreateReservationInput, HeldReservation } from './reservations.ts';
export { ConnectionError, errorFromJob, MutateError } from './errors.ts';
export { isFinal } from './types.ts';
export type {
  ApiKey,
  Batch,
  FileError,
  Format,
  FormatFacts,
  Job,
  JobEvent,
  JobOutput,
  JobStatus,
  NewApiKey,
  NewReservation,
  Plan,
  Quote,
  Reservation,
  Usage,
  Warning,
} from './types.ts';
export type { FileInput, UploadProgress } from './upload.ts';
export type { WaitOptions } from './wait.ts';

export interface MutateOptions {
  /** `mk_live_…` */
  apiKey: string;
  /** Such as `https://mutate.example.com`; a path before `/v1` is kept. */
  baseUrl: string;
  /** By default the workspace that the API key belongs to. */
  workspaceId?: string | undefined;
  fetch?: typeof fetch | undefined;
  /** Further tries after a failure that may pass. Default 4. */
  retries?: number | undefined;
  /** Longest silence from the server, in milliseconds; not a bound on the whole call. Default 120,000. */
  timeoutMs?: number | undefined;
}

/** A client of the Mutate API for one workspace. @throws TypeError for a malformed option */
export class Mutate {
  readonly conversions: Conversions;
  readonly batches: Batches;
  readonly usage: { get: (options?: CallOptions) => Promise<Usage> };
  readonly formats: Catalogue<Format>;
  readonly plans: Catalogue<Plan>;
  readonly apiKeys: ApiKeys;
  readonly reservations: Reservations;

  constructor(options: MutateOptions) {
    const http = new HttpClient({
      apiKey: options.apiKey,
      baseUrl: options.baseUrl,
      fetch: options.fetch ?? globalThis.fetch,
      retries: options.retries ?? 4,
      timeoutMs: options.timeoutMs ?? 120_000,
    });
    const workspace = new WorkspacePath(http, options.workspaceId);
    this.conversions = new Conversions(http, workspace);
    this.batches = new Batches(http, workspace);
    this.usage = {
      get: async (call = {}) =>
        http.json<Usage>({ method: 'GET', path: await workspace.to('usage'), ...call }),
    };
    this.formats = new Catalogue<Format>(http, '/v1/formats');
    this.plans = new Catalogue<Plan>(http, '/v1/plans');
    this.apiKeys = new ApiKeys(http, workspace);
    this.reservations = new Reservations(http, workspace);
  }
}
