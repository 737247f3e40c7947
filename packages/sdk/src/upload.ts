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
  readonly #parts: [Uint8Array<ArrayBuffer>, OpenedFile['content'], Uint8Array<ArrayBuffer>];
  readonly #totalBytes: number | null;
  readonly #onProgress: ((progress: UploadProgress) => void) | undefined;
  #isOpened = false;

  constructor(
    fields: Record<string, string>,
    file: { content: OpenedFile['content']; filename: string },
    onProgress?: (progress: UploadProgress) => void,
  ) {
    const boundary = `mutate-${randomToken()}`;
    const encoder = new TextEncoder();
    let head = '';
    for (const [name, value] of Object.entries(fields)) {
      head += `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    }
    head += `--${boundary}\r\nContent-Disposition: form-data; name="file"; `;
    head += `filename="${escapeName(file.filename)}"\r\n`;
    head += 'Content-Type: application/octet-stream\r\n\r\n';
    const first = encoder.encode(head);
    const last = encoder.encode(`\r\n--${boundary}--\r\n`);
    this.#parts = [first, file.content, last];
    this.#totalBytes =
      file.content instanceof Blob ? first.length + file.content.size + last.length : null;
    this.#onProgress = onProgress;
    this.headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    if (this.#totalBytes !== null && canStreamRequests) {
      // Lets the server refuse a file above the limit before it reads it.
      this.headers['content-length'] = String(this.#totalBytes);
    }
  }

  /** Whether a (further) try can send the same bytes. */
  get canOpen(): boolean {
    return !this.#isOpened || this.#parts[1] instanceof Blob;
  }

  /** The body of one try. `onBytes` runs whenever bytes were handed over. */
  open(onBytes: () => void): RequestBody {
    const [first, content, last] = this.#parts;
    this.isSent = false;
    if (!canStreamRequests && content instanceof Blob) return new Blob([first, content, last]);
    return ReadableStream.from(this.#read(onBytes));
  }

  async *#read(onBytes: () => void): AsyncGenerator<Uint8Array> {
    const [first, content, last] = this.#parts;
    this.#isOpened = true;
    let sentBytes = 0;
    const report = (chunk: Uint8Array): void => {
      sentBytes += chunk.byteLength;
      onBytes();
      this.#onProgress?.({ kind: 'upload', sentBytes, totalBytes: this.#totalBytes });
    };
    yield first;
    report(first);
    try {
      for await (const chunk of content instanceof Blob ? content.stream() : content) {
        yield chunk;
        report(chunk);
      }
    } catch (error) {
      this.failure = error;
      throw error;
    }
    this.isSent = true;
    yield last;
    report(last);
  }
}

/**
 * Opens what the caller wants uploaded, without reading it.
 * @throws the file system's error for a path that cannot be read
 */
export async function openFile(file: FileInput): Promise<OpenedFile> {
  if (typeof file === 'string') return openPath(file);
  if (file instanceof Uint8Array) {
    return { content: new Blob([file]), filename: null };
  }
  if (file instanceof Blob) {
    return { content: file, filename: file instanceof File ? file.name : null };
  }
  return { content: file, filename: null };
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
