import { MutateError } from './errors.ts';
import type { CallOptions, HttpClient } from './http.ts';
import type { NewReservation, Reservation } from './types.ts';
import type { WorkspacePath } from './workspace.ts';

export interface CreateReservationInput {
  /** What it is counted under, such as `DOCX_TO_PDF`. */
  type: string;
  /** Of the input: held against the plan's largest file. */
  sizeBytes: number;
  /** How long the slot is held without a heartbeat: 1 to 3600, 60 by default. */
  leaseSeconds?: number | undefined;
  idempotencyKey?: string | undefined;
}

/** What the work of `withReservation` is handed. */
export interface HeldReservation {
  readonly reservation: NewReservation;
  /** Aborted when the reservation is over, or its slot was lost: stop then. */
  readonly signal: AbortSignal;
  /** Set it to have the size of the output counted. */
  bytesOut?: number;
}

/** Quota, metering and billing for conversions of your own. Every method throws `MutateError`. */
export class Reservations {
  readonly #http: HttpClient;
  readonly #workspace: WorkspacePath;

  constructor(http: HttpClient, workspace: WorkspacePath) {
    this.#http = http;
    this.#workspace = workspace;
  }

  /** Takes a unit and a slot, or throws what a conversion would be refused with. */
  async create(input: CreateReservationInput): Promise<NewReservation> {
    return this.#http.json<NewReservation>({
      method: 'POST',
      path: await this.#workspace.to('reservations'),
      json: { type: input.type, size_bytes: input.sizeBytes, lease_seconds: input.leaseSeconds },
      idempotencyKey: input.idempotencyKey,
    });
  }

  async get(id: string, options: CallOptions = {}): Promise<Reservation> {
    const path = await this.#workspace.to('reservations', id);
    return this.#http.json<Reservation>({ method: 'GET', path, ...options });
  }

  /** Holds the slot for as long again; takes one again where it was lost and there is room. */
  heartbeat(id: string, options: CallOptions = {}): Promise<Reservation> {
    return this.#send(id, 'heartbeat', undefined, options);
  }

  /** Counts the conversion, exactly once however often it is called. */
  complete(
    id: string,
    measured: { bytesOut?: number | undefined; durationMs?: number | undefined } = {},
  ): Promise<Reservation> {
    return this.#send(id, 'complete', {
      bytes_out: measured.bytesOut,
      duration_ms: measured.durationMs,
    });
  }

  /** Gives it back uncounted. With a reason (`a-z0-9_`) it counts among the failures. */
  release(id: string, reason?: string): Promise<Reservation> {
    return this.#send(id, 'release', { reason });
  }

  /**
   * Reserves, runs your conversion with heartbeats, and counts it when it is done; when it throws,
   * the reservation is released and the error passed on.
   *
   * @example
   * const pdf = await mutate.reservations.withReservation(
   *   { type: 'DOCX_TO_PDF', sizeBytes: docx.length },
   *   ({ signal }) => convert(docx, signal),
   * );
   */
  async withReservation<Result>(
    input: CreateReservationInput,
    work: (held: HeldReservation) => Promise<Result>,
  ): Promise<Result> {
    const reservation = await this.create(input);
    const lost = new AbortController();
    const held: HeldReservation = { reservation, signal: lost.signal };
    const everyMs = ((input.leaseSeconds ?? 60) * 1000) / 3;
    const pulse = setInterval(() => void this.#beat(reservation.id, lost), everyMs);
    const startedMs = performance.now();
    try {
      const result = await work(held).catch(async (error: unknown) => {
        // What went wrong with the work is what the caller has to hear.
        await this.release(reservation.id, 'failed').catch(() => undefined);
        throw error;
      });
      const durationMs = Math.round(performance.now() - startedMs);
      await this.complete(reservation.id, { bytesOut: held.bytesOut, durationMs });
      return result;
    } finally {
      clearInterval(pulse);
    }
  }

  /** A heartbeat that did not get through is no loss yet: the next one may. */
  async #beat(id: string, lost: AbortController): Promise<void> {
    await this.heartbeat(id, { signal: lost.signal }).catch((error: unknown) => {
      const isLost = error instanceof MutateError && lossCodes.has(error.code);
      if (isLost) lost.abort(error);
    });
  }

  async #send(
    id: string,
    verb: string,
    json: unknown,
    options: CallOptions = {},
  ): Promise<Reservation> {
    const path = await this.#workspace.to('reservations', id, verb);
    return this.#http.json<Reservation>({ method: 'POST', path, json, ...options });
  }
}

const lossCodes = new Set([
  'conflict',
  'not_found',
  'concurrency_limited',
  'workspace_suspended',
  'payment_overdue',
]);
