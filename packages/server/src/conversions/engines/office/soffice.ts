import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Installation } from './installation.ts';
import { writeProfile } from './profile.ts';
import { UrpConnection } from './urp/connection.ts';
import { RemoteOffice } from './urp/office.ts';

const startTimeoutMs = 40_000;
const pingTimeoutMs = 2000;
/** With these it asks to be started again, which the first start with a new profile does. */
const restartCodes = new Set<number | null>([79, 81]);
const pageBytes = 4096;
/** Not TMPDIR: LibreOffice puts its pipes here, and nowhere else where it may write here. */
const pipeFolder = '/tmp';

/**
 * One LibreOffice, kept warm: it listens at a pipe of its own and converts one document after the
 * other. It is a child of this process and dies with it.
 */
export class Soffice {
  readonly #child: ChildProcess;
  readonly #connection: UrpConnection;
  readonly office: RemoteOffice;
  jobs = 0;

  private constructor(child: ChildProcess, connection: UrpConnection, office: RemoteOffice) {
    this.#child = child;
    this.#connection = connection;
    this.office = office;
  }

  /**
   * @param home where its profile and its temporary files go
   * @throws Error where it is not there, or does not answer in time
   */
  static async start(installation: Installation, home = homedir()): Promise<Soffice> {
    const profile = join(home, 'libreoffice');
    if (!existsSync(profile)) await writeProfile(profile);
    const deadlineMs = performance.now() + startTimeoutMs;
    for (;;) {
      const started = await startOnce(installation, home, deadlineMs);
      if (started !== null) return new Soffice(...started);
    }
  }

  /** Whether it answers at once; one that does not is killed. */
  async isWell(): Promise<boolean> {
    const timeout = sleep(pingTimeoutMs, false, { ref: false });
    const answer = this.office.ping().then(
      () => true,
      () => false,
    );
    const well = await Promise.race([answer, timeout]);
    if (!well) await this.kill();
    return well;
  }

  get rssBytes(): number {
    try {
      const pages = readFileSync(`/proc/${this.#child.pid}/statm`, 'latin1').split(' ')[1];
      return Number(pages) * pageBytes;
    } catch {
      return 0;
    }
  }

  async kill(): Promise<void> {
    this.#connection.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

type Started = [ChildProcess, UrpConnection, RemoteOffice];

/** Null where it ended and asks for another start. */
async function startOnce(
  installation: Installation,
  home: string,
  deadlineMs: number,
): Promise<Started | null> {
  const pipe = `mutate-${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
  const { child, temporary } = await launch(installation, home, pipe);
  // With the user's number between the two, where there is an entry for it in passwd.
  const pathOfPipe = () => {
    const name = readdirSync(pipeFolder).find((entry) => entry.endsWith(`_${pipe}`));
    return name === undefined ? null : join(pipeFolder, name);
  };
  const ended = new AbortController();
  child.once('error', (error) => ended.abort(error.message));
  child.once('exit', (code, signal) => ended.abort(`it ended with ${signal ?? code}`));
  while (!ended.signal.aborted && performance.now() < deadlineMs) {
    const path = pathOfPipe();
    const connection = path === null ? null : await UrpConnection.open(path).catch(() => null);
    if (path === null || connection === null) {
      await sleep(10);
      continue;
    }
    // Connected: nobody else shall be, and nothing be left when we are killed.
    rmSync(path, { force: true });
    return [child, connection, await RemoteOffice.open(connection)];
  }
  child.kill('SIGKILL');
  await rm(temporary, { recursive: true, force: true });
  if (restartCodes.has(child.exitCode)) return null;
  const why = ended.signal.aborted ? String(ended.signal.reason) : 'it takes too long';
  throw new Error(`LibreOffice does not start: ${why}`);
}

async function launch(installation: Installation, home: string, pipe: string) {
  // Its own: what a document leaves in TMPDIR is removed after each one.
  const temporary = join(home, 'libreoffice-tmp');
  await mkdir(temporary, { recursive: true });
  const folder = await mkdtemp(join(temporary, 'run-'));

  const args = [
    `-env:UserInstallation=${pathToFileURL(join(home, 'libreoffice')).href}`,
    '--headless',
    '--norestore',
    '--nologo',
    '--nodefault',
    '--nolockcheck',
    '--nofirststartwizard',
    `--accept=pipe,name=${pipe};urp;`,
  ];
  const child = spawn(installation.path, args, {
    cwd: folder,
    // The engine's own output is kept for the log, this goes there too.
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      PATH: '/usr/bin:/bin',
      HOME: home,
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
      TMPDIR: folder,
      SAL_USE_VCLPLUGIN: 'svp',
      ...installation.environment,
    },
  });
  return { child, temporary: folder };
}
