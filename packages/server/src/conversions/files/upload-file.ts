import { createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { once } from 'node:events';

/** Refuses where the disk is nearly full. @throws AppError */
export type RequireRoom = () => Promise<void>;

/** Many large uploads at once can fill a disk that had room for each of them when it began. */
const roomEveryBytes = 64 * 1024 * 1024;

/** A file in the work folder that an upload is written into; deleted unless somebody took it. */
export class UploadFile {
  readonly path: string;
  readonly #requireRoom: RequireRoom;
  readonly #stream: WriteStream;
  #bytesSinceLook = 0;
  #failure: Error | undefined;

  private constructor(path: string, requireRoom: RequireRoom) {
    this.path = path;
    this.#requireRoom = requireRoom;
    this.#stream = createWriteStream(path, { mode: 0o600, flags: 'wx' });
    this.#stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** @param requireRoom asked before the file is made, and again every 64 MB */
  static async open(path: string, requireRoom: RequireRoom): Promise<UploadFile> {
    await requireRoom();
    return new UploadFile(path, requireRoom);
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#bytesSinceLook += chunk.length;
    if (this.#bytesSinceLook >= roomEveryBytes) {
      this.#bytesSinceLook = 0;
      await this.#requireRoom();
    }
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
