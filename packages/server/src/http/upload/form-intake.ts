import { AppError } from '../../errors.ts';
import { displayFilename } from './multipart-head.ts';
import type { PartHead } from './multipart-head.ts';
import type { PartListener } from './multipart-parser.ts';
import { FileIntake } from './upload-file.ts';
import type { UploadedFile, UploadFileOptions, UploadLimits, UploadSink } from './upload-file.ts';
import { invalidRequest } from '../validation.ts';

export interface FormOptions<Field extends string> extends Omit<UploadFileOptions, 'open'> {
  /** The fields that may stand beside the files. */
  readonly fields: readonly Field[];
  /** How often a name may be sent; 1 where it is not named here. */
  readonly timesMax?: Readonly<Record<string, number>>;
  /** Where the limit of one file is another for the parts of a name. */
  readonly limitsByName?: Readonly<Record<string, UploadLimits>>;
  /** Parts of the whole form; 20 unless said otherwise. */
  readonly partsMax?: number;
  /** The parts that are files; `file` unless said otherwise. */
  readonly files?: readonly string[];
  /** A file above its limit is left out with its error, and the others are still taken. */
  readonly refuseAlone?: boolean;
  /** How many bytes all files may have together. */
  readonly totalBytesMax?: number;
  /** Opens the place for a file that outgrows `memoryBytesMax`; the index counts the files. */
  open(index: number): Promise<UploadSink>;
  /** How long the client may send nothing. */
  readonly idleMsMax?: number;
}

export interface Form<Field extends string> {
  /** The values of each field that was sent, at most as many as it may have. */
  readonly fields: Readonly<Partial<Record<Field, readonly string[]>>>;
  /** In the order in which they came. */
  readonly files: readonly FormFile[];
}

export interface FormFile {
  /** Of the part: `file`. */
  readonly name: string;
  readonly filename: string;
  /** The error: it was above its limit, and nothing of it is kept. */
  readonly file: UploadedFile | AppError;
}

interface TakenFile {
  readonly name: string;
  readonly filename: string | null;
  readonly intake: FileIntake;
  /** What it was refused for; the rest of its bytes is passed over. */
  error: AppError | null;
}

const fieldBytesMax = 65_536;

/** Collects what the parser finds in a form: fields, and files as they arrive. */
export class FormIntake<Field extends string> implements PartListener {
  readonly fields: Partial<Record<Field, string[]>> = {};
  readonly files: TakenFile[] = [];
  readonly #options: FormOptions<Field>;
  readonly #fileNames: readonly string[];
  #totalBytes = 0;
  /** Of the part that is being read; null in a file. */
  #field: { name: Field; chunks: Buffer[]; bytes: number } | null = null;

  constructor(options: FormOptions<Field>) {
    this.#options = options;
    this.#fileNames = options.files ?? ['file'];
  }

  onPart({ name, filename }: PartHead): void {
    const { fields, timesMax = {} } = this.#options;
    const timesMaxOfName = timesMax[name] ?? 1;
    if (this.#fileNames.includes(name)) {
      const sent = this.files.filter((file) => file.name === name).length;
      if (sent >= timesMaxOfName) throw refusal(name, mustBeSent(timesMaxOfName, 'exactly'));
      const index = this.files.length;
      const limits = this.#options.limitsByName?.[name] ?? this.#options.limits;
      const options = { ...this.#options, limits, open: () => this.#options.open(index) };
      this.files.push({ name, filename, intake: new FileIntake(options), error: null });
      return;
    }
    const known = fields.find((field) => field === name);
    if (known === undefined) {
      const names = [...this.#fileNames, ...fields].join(', ');
      throw refusal(name.slice(0, 100), `is not known; there are ${names}`);
    }
    if ((this.fields[known]?.length ?? 0) >= timesMaxOfName) {
      throw refusal(name, mustBeSent(timesMaxOfName, 'at most'));
    }
    this.#field = { name: known, chunks: [], bytes: 0 };
  }

  onData(data: Buffer): void {
    const field = this.#field;
    if (field === null) {
      this.#take(data);
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
    (this.fields[field.name] ??= []).push(Buffer.concat(field.chunks).toString('utf8'));
  }

  get needsFlush(): boolean {
    return this.files.some(({ intake, error }) =>
      error === null ? intake.needsFlush : !intake.isOver,
    );
  }

  async flush(): Promise<void> {
    for (const { intake, error } of this.files) {
      if (error !== null) await intake.abort();
      else if (intake.needsFlush) await intake.flush();
    }
  }

  async finish(): Promise<Form<Field>> {
    const files: FormFile[] = [];
    for (const { name, filename: sent, intake, error } of this.files) {
      const filename = displayFilename(sent);
      files.push({ name, filename, file: error ?? (await intake.finish(filename)) });
    }
    return { fields: this.fields, files };
  }

  async abort(): Promise<void> {
    for (const { intake } of this.files) await intake.abort();
  }

  #take(data: Buffer): void {
    const { totalBytesMax, refuseAlone } = this.#options;
    this.#totalBytes += data.length;
    if (totalBytesMax !== undefined) refuseTotal(totalBytesMax, this.#totalBytes);
    const file = this.files.at(-1);
    if (file === undefined || file.error !== null) return;
    try {
      file.intake.take(data);
    } catch (error) {
      if (refuseAlone !== true || !(error instanceof AppError)) throw error;
      file.error = error;
    }
  }
}

function mustBeSent(timesMax: number, bound: 'exactly' | 'at most'): string {
  if (timesMax > 1) return `must be sent at most ${timesMax} times`;
  return `must be sent ${bound} once`;
}

/** 400 that names a part of the form. */
export function refusal(field: string, detail: string): AppError {
  return invalidRequest([{ pointer: `/body/${field}`, detail }]);
}

/** @throws AppError `file_too_large` where the files of one request are too many bytes together */
export function refuseTotal(totalBytesMax: number, bytes: number): void {
  if (bytes <= totalBytesMax) return;
  const message = `The files together are larger than the ${totalBytesMax} bytes of one request.`;
  throw new AppError('file_too_large', message, {
    details: { limit_bytes: totalBytesMax, plan: null, upgrade_url: null },
  });
}
