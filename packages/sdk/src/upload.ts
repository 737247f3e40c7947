import { randomToken } from './random.ts';

/**
 * What can be uploaded: a path (Node only), a `Blob` or `File`, bytes, or a stream. All but a stream
 * can be sent again after a failure. Nothing is held in memory that was not there before.
 */
export type FileInput = string | Blob | Uint8Array | AsyncIterable<Uint8Array>;

export interface UploadProgress {
  kind: 'upload';
  sentBytes: number;
  /** The whole request's body; null for a stream of unknown length. */
  totalBytes: number | null;
}

type RequestBody = NonNullable<RequestInit['body']>;

interface OpenedFile {
  content: Blob | AsyncIterable<Uint8Array>;
  filename: string | null;
}

/** One file of a form. */
export interface UploadPart {
  /** Of the part: `file`. */
  name: string;
  content: OpenedFile['content'];
  filename: string;
}

/** Only Node streams a request's body over HTTP/1.1; browsers send the Blob whole. */
const canStreamRequests = globalThis.process?.versions?.node !== undefined;

/**
 * A multipart/form-data body (RFC 7578, names escaped as WHATWG's form encoding does) that is made
 * while it is sent, fields first so that the server can decide before the file arrives.
 */
export class Upload {
  readonly headers: Record<string, string>;
  /** Set when reading the file failed: the error is the caller's file, not the connection. */
  failure: unknown = undefined;
  /** The last byte has been handed over. */
  isSent = false;
  /** Between the heads of the parts, which are bytes, their contents. */
  readonly #pieces: (Uint8Array<ArrayBuffer> | OpenedFile['content'])[];
  readonly #totalBytes: number | null;
  readonly #onProgress: ((progress: UploadProgress) => void) | undefined;
  #isOpened = false;

  constructor(
    fields: readonly (readonly [string, string])[],
    files: readonly UploadPart[],
    onProgress?: (progress: UploadProgress) => void,
  ) {
    const boundary = `mutate-${randomToken()}`;
    const encoder = new TextEncoder();
    let text = '';
    for (const [name, value] of fields) {
      text += `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    }
    this.#pieces = [];
    for (const { name, content, filename } of files) {
      text += `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; `;
      text += `filename="${escapeName(filename)}"\r\n`;
      text += 'Content-Type: application/octet-stream\r\n\r\n';
      this.#pieces.push(encoder.encode(text), content);
      text = '\r\n';
    }
    this.#pieces.push(encoder.encode(`${text}--${boundary}--\r\n`));
    this.#totalBytes = sumOf(this.#pieces.map(sizeOf));
    this.#onProgress = onProgress;
    this.headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    if (this.#totalBytes !== null && canStreamRequests) {
      // Lets the server refuse a file above the limit before it reads it.
      this.headers['content-length'] = String(this.#totalBytes);
    }
  }

  /** Whether a (further) try can send the same bytes. */
  get canOpen(): boolean {
    return !this.#isOpened || this.#pieces.every((piece) => sizeOf(piece) !== null);
  }

  /** The body of one try. `onBytes` runs whenever bytes were handed over. */
  open(onBytes: () => void): RequestBody {
    this.isSent = false;
    const known = this.#pieces.filter(
      (piece) => piece instanceof Blob || piece instanceof Uint8Array,
    );
    if (!canStreamRequests && known.length === this.#pieces.length) return new Blob(known);
    return streamFrom(this.#read(onBytes));
  }

  async *#read(onBytes: () => void): AsyncGenerator<Uint8Array> {
    this.#isOpened = true;
    let sentBytes = 0;
    const report = (chunk: Uint8Array): void => {
      sentBytes += chunk.byteLength;
      onBytes();
      this.#onProgress?.({ kind: 'upload', sentBytes, totalBytes: this.#totalBytes });
    };
    for (const [index, piece] of this.#pieces.entries()) {
      if (index === this.#pieces.length - 1) this.isSent = true;
      for await (const chunk of this.#chunksOf(piece)) {
        yield chunk;
        report(chunk);
      }
    }
  }

  async *#chunksOf(piece: Uint8Array | OpenedFile['content']): AsyncGenerator<Uint8Array> {
    if (piece instanceof Uint8Array) {
      yield piece;
      return;
    }
    try {
      yield* piece instanceof Blob ? piece.stream() : piece;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

/** Node's; the types of browsers do not know it. */
function streamFrom(chunks: AsyncIterable<Uint8Array>): RequestBody {
  const { from } = ReadableStream as unknown as {
    from: (chunks: AsyncIterable<Uint8Array>) => ReadableStream<Uint8Array>;
  };
  return from.call(ReadableStream, chunks);
}

/** Null for a stream, whose length is not known and which can be read once. */
function sizeOf(piece: Uint8Array | OpenedFile['content']): number | null {
  if (piece instanceof Uint8Array) return piece.length;
  return piece instanceof Blob ? piece.size : null;
}

function sumOf(sizes: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const size of sizes) {
    if (size === null) return null;
    sum += size;
  }
  return sum;
}

/** Opens what the caller wants uploaded, without reading it. */
async function openFile(file: FileInput): Promise<OpenedFile> {
  if (typeof file === 'string') return openPath(file);
  if (file instanceof Uint8Array) {
    // The types of browsers ask for memory that is not shared.
    const bytes = new Uint8Array(file.buffer as ArrayBuffer, file.byteOffset, file.byteLength);
    return { content: new Blob([bytes]), filename: null };
  }
  if (file instanceof Blob) {
    return { content: file, filename: file instanceof File ? file.name : null };
  }
  return { content: file, filename: null };
}

/**
 * One file of a form, by the name it is given, else its own.
 * @param name of the part
 * @throws the file system's error for a path that cannot be read
 */
export async function openPart(
  name: string,
  file: FileInput,
  filename?: string,
): Promise<UploadPart> {
  const opened = await openFile(file);
  return { name, content: opened.content, filename: filename ?? opened.filename ?? name };
}

async function openPath(name: string): Promise<OpenedFile> {
  // Imported here so that a browser's bundle of this package does not need Node's modules.
  const [fs, files, path] = await Promise.all([
    import('node:fs'),
    import('node:fs/promises'),
    import('node:path'),
  ]);
  const found = await files.stat(name);
  if (found.isDirectory()) throw new TypeError(`${name} is a folder, not a file.`);
  // A pipe or device has no size and can be read once.
  const content = found.isFile() ? await fs.openAsBlob(name) : fs.createReadStream(name);
  return { content, filename: path.basename(name) };
}

function escapeName(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}
