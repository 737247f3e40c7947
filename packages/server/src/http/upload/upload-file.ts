import { createHash, hash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { AppError } from '../../errors.ts';

/** Where a file goes that is too large for memory. */
export interface UploadSink {
  write(chunk: Buffer): Promise<void>;
  finish(): Promise<void>;
  /** Leaves nothing behind. Called at most once, and never after `finish`. */
  abort(): Promise<void>;
}

export interface UploadLimits {
  /** A file of exactly this many bytes passes; null: no bound. */
  readonly fileBytesMax: number | null;
  /** For the refusal: whose bound it is, and where more is to be had. */
  readonly plan: string;
  readonly upgradeUrl: string | null;
}

export interface UploadedFile {
  /** For display: base name only, at most 255 bytes. */
  readonly filename: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** The first 4,100 bytes, or all of a shorter file. */
  readonly head: Buffer;
  /** The whole file where it was small; else it is in the sink. */
  readonly bytes: Buffer | null;
}

export interface UploadFileOptions {
  readonly limits: UploadLimits;
  /** Opens the place for a file that outgrows `memoryBytesMax`. */
  open(): Promise<UploadSink>;
  /** At least 4,100. */
  readonly memoryBytesMax?: number;
}

const headBytesMax = 4_100;
const memoryBytesMaxDefault = 262_144;

/** Takes one file in: size, hash and first bytes on the way, in memory or into its sink. */
export class FileIntake {
  readonly #options: UploadFileOptions;
  readonly #memoryBytesMax: number;
  /** What was taken in and is not yet with the sink. */
  #pending: Buffer[] = [];
  #sizeBytes = 0;
  #head: Buffer | null = null;
  #hash: Hash | null = null;
  #sink: UploadSink | null = null;
  #sinkState: 'none' | 'open' | 'over' = 'none';

  constructor(options: UploadFileOptions) {
    this.#options = options;
    this.#memoryBytesMax = Math.max(headBytesMax, options.memoryBytesMax ?? memoryBytesMaxDefault);
  }

  /** @throws AppError `file_too_large` at the byte that crosses the limit */
  take(chunk: Buffer): void {
    this.#sizeBytes += chunk.length;
    refuseAbove(this.#options.limits, this.#sizeBytes);
    this.#pending.push(chunk);
  }

  get needsFlush(): boolean {
    return this.#hash !== null ? this.#pending.length > 0 : this.#sizeBytes > this.#memoryBytesMax;
  }

  /** Hands everything pending to the sink. One call at a time. */
  async flush(): Promise<void> {
    this.#hash ??= createHash('sha256');
    this.#head ??= Buffer.concat(this.#pending).subarray(0, headBytesMax);
    const chunks = this.#pending;
    this.#pending = [];
    if (this.#sink === null) {
      this.#sink = await this.#options.open();
      this.#sinkState = 'open';
    }
    for (const chunk of chunks) {
      this.#hash.update(chunk);
      await this.#sink.write(chunk);
    }
  }

  /** Call after the last `flush`. */
  async finish(filename: string): Promise<UploadedFile> {
    const common = { filename, sizeBytes: this.#sizeBytes };
    if (this.#hash === null || this.#sink === null) {
      const [first] = this.#pending;
      const bytes = this.#pending.length === 1 && first ? first : Buffer.concat(this.#pending);
      const head = bytes.subarray(0, headBytesMax);
      return { ...common, sha256: hash('sha256', bytes, 'hex'), head, bytes };
    }
    await this.#sink.finish();
    this.#sinkState = 'over';
    const head = this.#head ?? Buffer.alloc(0);
    return { ...common, sha256: this.#hash.digest('hex'), head, bytes: null };
  }

  /** Leaves nothing behind. Not while a `flush` is under way. */
  async abort(): Promise<void> {
    const isOpen = this.#sinkState === 'open';
    this.#sinkState = 'over';
    this.#pending = [];
    if (isOpen) await this.#sink?.abort();
  }

  /** Whether it was finished into its sink, or aborted. */
  get isOver(): boolean {
    return this.#sinkState === 'over';
  }
}

/** @throws AppError `file_too_large` where a file of that size is above the limit */
export function refuseAbove(limits: UploadLimits, sizeBytes: number): void {
  const { fileBytesMax, plan, upgradeUrl } = limits;
  if (fileBytesMax === null || sizeBytes <= fileBytesMax) return;
  const message = `The file is larger than the ${fileBytesMax} bytes that the plan ${plan} allows.`;
  throw new AppError('file_too_large', message, {
    details: { limit_bytes: fileBytesMax, plan, upgrade_url: upgradeUrl },
  });
}
