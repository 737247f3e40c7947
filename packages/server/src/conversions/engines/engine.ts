import type { z } from 'zod';

/** The formats we know, by the short name used in URLs and type names. */
export type Format =
  | ('csv' | 'json' | 'ndjson' | 'xml' | 'yaml' | 'parquet')
  | ('xlsx' | 'xlsm' | 'xlsb' | 'xls' | 'ods')
  | ('docx' | 'doc' | 'odt' | 'rtf' | 'pptx' | 'ppt' | 'odp')
  | ('md' | 'html' | 'txt' | 'pdf' | 'zip')
  | ('png' | 'jpeg' | 'webp' | 'avif' | 'tiff' | 'gif' | 'svg' | 'heic')
  | ('mp3' | 'wav' | 'flac' | 'ogg' | 'm4a' | 'aac')
  | ('mp4' | 'webm' | 'mov' | 'mkv' | 'avi');

/** One pair that an engine offers, with the options a caller may give. */
export interface Pair {
  readonly from: Format;
  readonly to: Format;
  /** A strict zod object: an unknown option is refused with 400, never ignored. */
  readonly options: z.ZodObject;
}

export type Availability = { available: true } | { available: false; reason: string };

export interface Warning {
  readonly code: string;
  readonly detail: string;
}

/** One piece of work. Paths are absolute; `workDir` is private to it and removed afterwards. */
export interface EngineTask {
  readonly from: Format;
  readonly to: Format;
  /** Already parsed by the pair's schema. */
  readonly options: Record<string, unknown>;
  readonly inputPath: string;
  readonly outputPath: string;
  readonly workDir: string;
  readonly signal: AbortSignal;
  /** 0 to 100; cheap to call often, the caller thins it out. */
  progress(percent: number, phase: string): void;
}

export interface EngineResult {
  /** What was really written: a `sheet: all` CSV is a `zip`. */
  readonly format: Format;
  readonly warnings: readonly Warning[];
}

/**
 * One program or library that converts. The registry asks `probe` once at start and picks, for each
 * pair, the first available engine in its declared order.
 */
export interface Engine {
  readonly name: string;
  readonly pairs: readonly Pair[];
  /** Wall-clock bound of one conversion, in milliseconds. */
  readonly timeoutMs: number;
  /** Memory bound of the child that runs it, in bytes. */
  readonly memoryBytesMax: number;
  /** It refuses a larger input; where a chain takes it, that is used. */
  readonly inputBytesMax?: number;
  probe(): Promise<Availability>;
  /** Runs in a child process. @throws EngineError */
  run(task: EngineTask): Promise<EngineResult>;
  /**
   * For small inputs of formats that we parse ourselves: bytes in, bytes out, in this process, with
   * no file in between. Absent: always a child process.
   */
  readonly inline?: InlineEngine;
}

export interface InlineEngine {
  readonly sizeBytesMax: number;
  run(task: InlineTask): { bytes: Buffer; result: EngineResult };
}

export type InlineTask = Pick<EngineTask, 'from' | 'to' | 'options'> & { readonly input: Buffer };

export type EngineErrorCode =
  | 'document_encrypted'
  | 'document_invalid'
  | 'document_too_complex'
  | 'invalid_request'
  | 'conversion_timeout'
  | 'internal_error';

/** Why a conversion failed. `message` is shown to the customer; `cause` goes to the log only. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'EngineError';
    this.code = code;
  }
}
