import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { findInstalled, unpackProgram, type Program } from './program.ts';

const execute = promisify(execFile);

/**
 * Behind the interception of every request and the missing network: names lead nowhere, and neither
 * does the proxy that all connections, loopback included, would have to take.
 */
const shuttingFlags = [
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--proxy-server=http://nowhere.invalid:9',
  '--proxy-bypass-list=<-loopback>',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--dns-prefetch-disable',
  '--no-pings',
  '--disable-domain-reliability',
];

const plainFlags = [
  '--disable-gpu',
  '--disable-3d-apis',
  '--disable-speech-api',
  '--renderer-process-limit=4',
  '--font-render-hinting=none',
];

/**
 * Starts the browser, with its own sandbox where this process may make user namespaces.
 *
 * @param folder for its font settings
 * @param shutting what keeps it from reaching anything; only a test leaves that out
 */
export async function launchBrowser(
  folder: string = homedir(),
  shutting: readonly string[] = shuttingFlags,
): Promise<Browser> {
  const program = findInstalled() ?? (await unpackProgram());
  const launch = async (chromiumSandbox: boolean) =>
    chromium.launch({
      executablePath: program.path,
      chromiumSandbox,
      args: [...plainFlags, ...shutting],
      env: {
        HOME: folder,
        TMPDIR: tmpdir(),
        TZ: 'UTC',
        LC_ALL: 'C.UTF-8',
        FONTCONFIG_FILE: await writeFontsConfig(program, folder),
        ...(program.libraries === null ? {} : { LD_LIBRARY_PATH: program.libraries }),
      },
    });
  if (!(await canShutIn())) return launch(false);
  return launch(true).catch(() => launch(false));
}

/** Chromium refuses to start as root with its sandbox, and without user namespaces has none. */
async function canShutIn(): Promise<boolean> {
  if (process.getuid?.() === 0) return false;
  return execute('unshare', ['--user', 'true']).then(
    () => true,
    () => false,
  );
}

/** The machine's fonts and the browser's own; a bare machine has no configuration at all. */
async function writeFontsConfig({ fonts }: Program, folder: string): Promise<string> {
  const system = '/etc/fonts/fonts.conf';
  const folders = ['/usr/share/fonts', '/usr/local/share/fonts', ...(fonts ? [fonts] : [])];
  const cache = join(folder, 'fonts-cache');
  const config = join(folder, 'fonts.conf');
  await mkdir(cache, { recursive: true });
  await writeFile(
    config,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
${existsSync(system) ? `<include ignore_missing="yes">${system}</include>` : ''}
${folders.map((path) => `<dir>${path}</dir>`).join('\n')}
<cachedir>${cache}</cachedir>
</fontconfig>
`,
  );
  return config;
}
