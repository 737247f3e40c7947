import { existsSync } from 'node:fs';
import { EngineError } from '../engine.ts';
import { findInstallation } from './installation.ts';
import { unreadable } from './pairs.ts';
import { Soffice } from './soffice.ts';
import { RemoteException } from './urp/connection.ts';
import type { Conversion } from './urp/office.ts';

/** It is replaced by a fresh one after so many documents, or above so much memory. */
const jobsMax = 200;
const rssBytesMax = 700 * 2 ** 20;

/** The LibreOffice of this process: started when it is needed, kept, and replaced when it ails. */
export class WarmOffice {
  readonly #programFolder: string | null;
  #running: Soffice | null = null;

  constructor(programFolder: string | null) {
    this.#programFolder = programFolder;
  }

  /** @throws EngineError where it is the document */
  async convert(conversion: Conversion): Promise<void> {
    const soffice = await this.#take();
    try {
      const opened = await soffice.office.convert(conversion);
      if (!opened || !existsSync(conversion.outputPath)) throw unreadable();
    } catch (error) {
      if (error instanceof EngineError) throw error;
      // It has thrown and lives: it is the document. Else it fell, and so do we.
      if (!(error instanceof RemoteException)) throw error;
      if (!(await soffice.isWell())) this.#running = null;
      throw unreadable(error);
    }
    soffice.jobs += 1;
    if (soffice.jobs < jobsMax && soffice.rssBytes < rssBytesMax) return;
    this.#running = null;
    await soffice.kill();
  }

  /** The warm one, if it is well, else a new one. */
  async #take(): Promise<Soffice> {
    if (this.#running !== null && !(await this.#running.isWell())) this.#running = null;
    if (this.#running === null) {
      const installation = findInstallation(this.#programFolder);
      if (installation === null) throw new Error('LibreOffice is not installed');
      this.#running = await Soffice.start(installation);
    }
    return this.#running;
  }
}
