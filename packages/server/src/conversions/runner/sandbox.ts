import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jobFolderInside } from './protocol.ts';
import { bubblewrapView, enterView, viewOf } from './sandbox-root.ts';

const run = promisify(execFile);

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** How well a child is shut in here, as shown to the operator. */
export interface Isolation {
  readonly network: 'none' | 'open';
  readonly filesystem: 'hidden' | 'open';
  readonly uid: 'separate' | 'same';
  readonly how: 'namespaces' | 'user-namespaces' | 'bubblewrap' | 'none';
  /** Why nothing better works. */
  readonly reasons: readonly string[];
}

export interface Limits {
  /** RLIMIT_DATA. Not the address space, which WebAssembly reserves by the gigabyte. */
  readonly dataBytesMax: number;
  readonly cpuSecondsMax: number;
  readonly fileBytesMax: number;
  /** Processes and threads of a user of its own. */
  readonly processesMax?: number;
}

export interface LaunchRequest {
  /** Made by `prepareFolder`. */
  readonly folder: string;
  /** Which of the runner's places the child has; decides its user where we are root. */
  readonly place: number;
  readonly limits: Limits;
  readonly readOnlyPaths: readonly string[];
  /** Lets the child make user namespaces, where it has a user of its own. */
  readonly userNamespaces?: boolean;
  /** Its temporary files go into its home, which is not emptied after each task. */
  readonly keepsTemporaryFiles?: boolean;
  /** Node's own flags, then the program and its arguments. */
  readonly nodeArguments: readonly string[];
}

export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The private folder as the child sees it. */
  readonly folderInside: string;
}

export interface Sandbox {
  readonly isolation: Isolation;
  launch(request: LaunchRequest): Launch;
  /** Makes `in` (ours), `out`, `tmp` and `home` (the child's) in a folder. */
  prepareFolder(folder: string, place: number): Promise<void>;
}

/** Below nobody (65534), which runs PostgreSQL; one user a place, so children cannot meet. */
const firstUid = 65_533;
const isRoot = process.getuid?.() === 0;

type How = Isolation['how'];

/**
 * Finds the best isolation that works here by trying each on a real child.
 *
 * @param workRoot a folder of ours; a file in it must be invisible to the child
 * @param hidden further paths that a child must never see: the data folder
 */
export async function openSandbox(workRoot: string, hidden: readonly string[]): Promise<Sandbox> {
  const reasons: string[] = [];
  const candidates: How[] = isRoot
    ? ['namespaces', 'user-namespaces', 'bubblewrap']
    : ['user-namespaces', 'bubblewrap'];
  for (const how of candidates) {
    const sandbox = createSandbox(how, how === 'namespaces', hidden, reasons);
    const problem = await tryOut(sandbox, workRoot);
    if (problem === null) return sandbox;
    reasons.push(`${how}: ${problem}`);
  }
  if (isRoot) {
    const sandbox = createSandbox('none', true, hidden, reasons);
    const problem = await tryOut(sandbox, workRoot);
    if (problem === null) return sandbox;
    reasons.push(`user ${firstUid}: ${problem}`);
  }
  return createSandbox('none', false, hidden, reasons);
}

/** A sandbox of one kind, not tried out. */
export function createSandbox(
  how: How,
  separate: boolean,
  hidden: readonly string[],
  reasons: readonly string[],
): Sandbox {
  const shut = how !== 'none';
  return {
    isolation: {
      network: shut ? 'none' : 'open',
      filesystem: shut ? 'hidden' : 'open',
      uid: separate ? 'separate' : 'same',
      how,
      reasons: [...reasons],
    },
    launch: (request) => launch(how, separate, hidden, request),
    prepareFolder: async (folder, place) => {
      await mkdir(join(folder, 'root'), { recursive: true, mode: 0o700 });
      await mkdir(join(folder, 'in'), { mode: 0o755 });
      for (const name of ['out', 'tmp', 'home']) {
        await mkdir(join(folder, name), { mode: 0o700 });
        if (separate) await chown(join(folder, name), firstUid - place, firstUid - place);
      }
    },
  };
}

function launch(
  how: How,
  separate: boolean,
  hidden: readonly string[],
  request: LaunchRequest,
): Launch {
  const { folder, place } = request;
  const folderInside = how === 'none' ? folder : jobFolderInside;
  const env = {
    PATH: systemPath,
    HOME: join(folderInside, 'home'),
    TMPDIR: join(folderInside, request.keepsTemporaryFiles === true ? 'home' : 'tmp'),
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
  };
  const node = [process.execPath, ...request.nodeArguments];
  const command = [
    ...limit(request.limits, separate),
    ...drop(how, separate, firstUid - place),
    ...node,
  ];
  const view = () => viewOf({ folder, readOnlyPaths: request.readOnlyPaths, hidden });
  const [file = '', ...args] =
    how === 'none'
      ? command
      : how === 'bubblewrap'
        ? [...dieWithUs(), 'bwrap', ...bubblewrapView(view(), command)]
        : [
            ...dieWithUs(),
            'unshare',
            ...unshareFlags(how),
            'sh',
            ...enterView(
              view(),
              join(folder, 'root'),
              command,
              request.userNamespaces === true && separate ? 'bare' : 'jail',
            ),
          ];
  return { file, args, env, folderInside };
}

/** A killed server takes its children with it. */
function dieWithUs(): string[] {
  return ['setpriv', '--pdeathsig', 'KILL'];
}

function unshareFlags(how: How): string[] {
  const namespaces = ['--mount', '--net', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
  return how === 'user-namespaces' ? ['--user', '--map-root-user', ...namespaces] : namespaces;
}

function limit(limits: Limits, separate: boolean): string[] {
  if (!hasTool('prlimit')) return [];
  return [
    'prlimit',
    '--core=0',
    `--data=${limits.dataBytesMax}`,
    `--cpu=${limits.cpuSecondsMax}`,
    `--fsize=${limits.fileBytesMax}`,
    '--nofile=4096',
    // Counted over all of a user's processes, so a user of our own can be held tighter.
    `--nproc=${separate ? (limits.processesMax ?? 256) : 4096}`,
  ];
}

/** Gives up what is left of our rights; the parent's death signal is lost on a change of user. */
function drop(how: How, separate: boolean, uid: number): string[] {
  if (!hasTool('setpriv')) return [];
  const user = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
  const capabilities = ['--inh-caps=-all', '--bounding-set=-all'];
  return [
    'setpriv',
    ...(separate ? user : []),
    ...(separate || how === 'user-namespaces' ? capabilities : []),
    '--no-new-privs',
    '--pdeathsig',
    'KILL',
  ];
}

function hasTool(name: string): boolean {
  return systemPath.split(':').some((folder) => existsSync(join(folder, name)));
}

/** Runs in the sandbox: finds no network but loopback, not our folder, but Node and our code. */
const probeProgram = `
const { existsSync, writeFileSync } = require('node:fs');
const { networkInterfaces } = require('node:os');
const [workRoot, code, out] = process.argv.slice(1);
writeFileSync(out, '');
const networks = Object.values(networkInterfaces()).flat().filter((address) => !address.internal);
console.log(JSON.stringify({
  workRoot: existsSync(workRoot), code: existsSync(code), networks: networks.length,
}));
`;

async function tryOut(sandbox: Sandbox, workRoot: string): Promise<string | null> {
  const folder = await mkdtemp(join(workRoot, 'probe-'));
  const code = join(import.meta.dirname, 'child.ts');
  try {
    await chmod(folder, 0o711);
    await sandbox.prepareFolder(folder, 0);
    const inside = sandbox.isolation.how === 'none' ? folder : jobFolderInside;
    const { file, args, env } = sandbox.launch({
      folder,
      place: 0,
      limits: { dataBytesMax: 2 ** 32, cpuSecondsMax: 60, fileBytesMax: 2 ** 30 },
      readOnlyPaths: [],
      nodeArguments: ['-e', probeProgram, '--', workRoot, code, join(inside, 'out/probe')],
    });
    const { stdout } = await run(file, [...args], { env, cwd: '/', timeout: 20_000 });
    const seen = JSON.parse(stdout) as { workRoot: boolean; code: boolean; networks: number };
    if (!seen.code) return 'the program cannot be read inside';
    if (sandbox.isolation.how === 'none') return null;
    if (seen.workRoot) return 'the data folder is visible inside';
    return seen.networks > 0 ? 'a network is reachable inside' : null;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    return (stderr.split('\n')[0] || String(error)).slice(0, 300);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
