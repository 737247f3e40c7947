import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestDatabase } from './database.ts';

const program = fileURLToPath(new URL('../notifications/fixtures/teller.ts', import.meta.url));

/** A process that tells what was announced, to be killed. */
export class Teller {
  readonly #child: ChildProcess;

  constructor(database: TestDatabase, smtpUrl: string, allowedHost = '') {
    const connection = JSON.stringify(database.applicationConnection);
    this.#child = spawn(process.execPath, [program, connection, smtpUrl, allowedHost], {
      stdio: 'inherit',
    });
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
