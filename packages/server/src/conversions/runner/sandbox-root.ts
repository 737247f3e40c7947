import { existsSync, lstatSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { jobFolderInside } from './protocol.ts';

/** What a child may see of the machine. Everything else does not exist for it. */
export interface View {
  /** The same path inside; `from` where the source is elsewhere. */
  readonly mounts: readonly { mode: 'ro' | 'rw' | 'dev'; from: string; to: string }[];
  readonly links: readonly { target: string; path: string }[];
  /** Covered with nothing, in case a folder above was mounted. */
  readonly hidden: readonly string[];
}

export interface ViewRequest {
  /** The child's private folder on the host, with `in`, `out`, `tmp` and `home`. */
  readonly folder: string;
  /** Programs and libraries besides the system's and our own. */
  readonly readOnlyPaths: readonly string[];
  readonly hidden: readonly string[];
}

const systemPaths = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  // What the loader, fontconfig and LibreOffice read; no passwd, no hosts, no keys.
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/alternatives',
  '/etc/fonts',
  '/etc/libreoffice',
  '/var/cache/fontconfig',
];
const devices = ['null', 'zero', 'full', 'random', 'urandom'].map((name) => `/dev/${name}`);

/** Decides what one child sees: the system read-only, our code, and its own folder as `/job`. */
export function viewOf({ folder, readOnlyPaths, hidden }: ViewRequest): View {
  const links: { target: string; path: string }[] = [];
  const mounts: { mode: 'ro' | 'rw' | 'dev'; from: string; to: string }[] = [];
  for (const path of [...systemPaths, ...codePaths(), ...readOnlyPaths]) {
    if (!existsSync(path) || mounts.some(({ to }) => isWithin(path, to))) continue;
    if (lstatSync(path).isSymbolicLink() && dirname(path) === '/') {
      links.push({ target: readlinkSync(path), path });
    } else {
      mounts.push({ mode: 'ro', from: path, to: path });
    }
  }
  for (const path of devices.filter(existsSync)) mounts.push({ mode: 'dev', from: path, to: path });
  for (const name of ['in', 'out', 'tmp', 'home']) {
    const mode = name === 'in' ? 'ro' : 'rw';
    mounts.push({ mode, from: join(folder, name), to: join(jobFolderInside, name) });
  }
  // Programs that ignore TMPDIR. Where our own code lies below it, /tmp is a folder of the root's
  // small tmpfs instead: enough for the socket that LibreOffice insists on having there.
  if (!mounts.some(({ to }) => isWithin(to, '/tmp'))) {
    links.push({ target: `${jobFolderInside}/tmp`, path: '/tmp' });
  }
  const isShown = (path: string) => mounts.some(({ to }) => isWithin(path, to));
  return { mounts, links, hidden: hidden.filter(isShown) };
}

/** Our sources, every `node_modules` that they resolve from, and Node itself. */
function codePaths(): string[] {
  const server = join(import.meta.dirname, '../../..');
  const paths = [join(server, 'src'), join(server, 'package.json')];
  for (let at = server; ; at = dirname(at)) {
    paths.push(join(at, 'node_modules'));
    if (dirname(at) === at) break;
  }
  return [...paths, process.execPath];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/**
 * Builds the view in a private mount namespace and runs the command in it. The old root is detached
 * by pivot_root; the chroot on top costs one mount and makes the kernel refuse new user namespaces
 * to the child, which is left out for a program that shuts itself in with them. Arguments: mount
 * point, `jail` or `bare`, folders `--` files `--` mode source target … `--` command.
 */
const script = `
set -eu
root=$1; inner=$2; shift 2
mount -t tmpfs -o size=1m,mode=755,nosuid mutate "$root"
cd "$root"
while [ "$1" != -- ]; do mkdir -p ".$1"; shift; done; shift
while [ "$1" != -- ]; do [ -e ".$1" ] || : > ".$1"; shift; done; shift
[ ! -d ./tmp ] || chmod 1777 ./tmp
while [ "$1" != -- ]; do
  case $1 in
    link) ln -s "$2" ".$3" ;;
    dev) mount --bind "$2" "$root$3" ;;
    hide) [ ! -d ".$3" ] || mount -t tmpfs -o ro,size=4k,mode=000 mutate "$root$3" ;;
    *) mount --rbind -o "$1,nosuid,nodev" "$2" "$root$3" 2>/dev/null ||
       mount --rbind -o "$1,nosuid,nodev,noexec" "$2" "$root$3" ;;
  esac
  shift 3
done; shift
mount -t proc -o nosuid,nodev,noexec proc "$root/proc" 2>/dev/null || :
unset PWD OLDPWD
if pivot_root . old 2>/dev/null; then
  umount -l /old
  [ "$inner" = jail ] || exec "$@"
  mount --rbind / /jail
  exec chroot /jail "$@"
fi
exec chroot "$root" "$@"
`;

/** The arguments of `sh` that run `command` within the view. */
export function enterView(
  view: View,
  mountPoint: string,
  command: readonly string[],
  inner: 'jail' | 'bare',
): string[] {
  const isFolder = (path: string) => statSync(path).isDirectory();
  const folders = view.mounts.map(({ from, to }) => (isFolder(from) ? to : dirname(to)));
  const files = view.mounts.filter(({ from }) => !isFolder(from)).map(({ to }) => to);
  return [
    '-c',
    script,
    'sandbox',
    mountPoint,
    inner,
    ...new Set([
      '/proc',
      '/old',
      '/jail',
      ...folders,
      ...view.links.map(({ path }) => dirname(path)),
    ]),
    '--',
    ...files,
    '--',
    ...view.links.flatMap(({ target, path }) => ['link', target, path]),
    ...view.mounts.flatMap(({ mode, from, to }) => [mode, from, to]),
    ...view.hidden.flatMap((path) => ['hide', path, path]),
    '--',
    ...command,
  ];
}

/** The arguments of `bwrap` that run `command` within the view. */
export function bubblewrapView(view: View, command: readonly string[]): string[] {
  const flags = { ro: '--ro-bind', rw: '--bind', dev: '--dev-bind' };
  return [
    '--unshare-all',
    '--die-with-parent',
    '--cap-drop',
    'ALL',
    ...view.links.flatMap(({ target, path }) => ['--symlink', target, path]),
    ...view.mounts.flatMap(({ mode, from, to }) => [flags[mode], from, to]),
    ...view.hidden.flatMap((path) => ['--tmpfs', path]),
    '--proc',
    '/proc',
    '--unsetenv',
    'PWD',
    '--',
    ...command,
  ];
}
