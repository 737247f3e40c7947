import { createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { once } from 'node:events';

/** A file in the work folder that an upload is written into; deleted unless somebody took it. */
export class UploadFile {
  readonly path: string;
  readonly #stream: WriteStream;
  #failure: Error | undefined;

  constructor(path: string) {
    this.path = path;
    this.#stream = createWriteStream(path, { mode: 0o600, flags: 'wx' });
    this.#stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (!this.#stream.write(chunk)) await once(this.#stream, 'drain');
  }

  async finish(): Promise<void> {
    this.#stream.end();
    await once(this.#stream, 'close');
    if (this.#failure) throw this.#failure;
  }

  async abort(): Promise<void> {
    if (!this.#stream.closed) {
      this.#stream.destroy();
      await once(this.#stream, 'close').catch(() => undefined);
    }
    await rm(this.path, { force: true });
  }
}
