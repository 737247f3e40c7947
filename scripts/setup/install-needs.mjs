import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Problem } from './problem.mjs';
import { relocate } from './relocate.mjs';
import { runProgram } from './run-program.mjs';

/**
 * Brings the programs that are needed and not there: installed with apt-get as root, else unpacked
 * from Debian's packages into a folder that is put onto this process's PATH.
 *
 * @param {readonly import('../test-needs.mjs').TestNeed[]} needs
 * @param {string} folder for what an ordinary user unpacks
 * @throws {Problem} where that is not possible here, with the command to type
 */
export async function installNeeds(needs, folder) {
  process.env.PATH = `${join(folder, 'bin')}${delimiter}${process.env.PATH ?? ''}`;
  const missing = needs.filter((need) => !need.isThere());
  if (missing.length === 0) return;
  const names = missing.map((need) => need.name).join(', ');
  const packages = [...new Set(missing.flatMap((need) => need.debianPackages))];
  const command = `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const orders = `These tests need ${names}. On Debian or Ubuntu:\n  ${command}`;
  if (!existsSync('/usr/bin/apt-get')) throw new Problem(orders);
  console.log(`Installing ${names} (${packages.join(' ')}) …`);
  if (process.getuid?.() === 0) {
    await aptGet(['update', '-q']);
    await aptGet(['install', '-y', '-q', '--no-install-recommends', ...packages]);
  } else {
    await unpack(missing, folder).catch((error) => {
      throw new Problem(`${error instanceof Error ? error.message : error}\n${orders}`);
    });
  }
  const absent = missing.filter((need) => !need.isThere());
  if (absent.length > 0) {
    throw new Problem(
      `Installed and still not found: ${absent.map((need) => need.name).join(', ')}`,
    );
  }
}

/**
 * Without root: apt-get with lists and archives of its own, which only downloads; the packages are
 * unpacked, and each program gets a starter that knows where its libraries are.
 *
 * @param {readonly import('../test-needs.mjs').TestNeed[]} needs
 * @param {string} folder
 */
async function unpack(needs, folder) {
  // What was unpacked before for another need stays.
  for (const name of ['state', 'cache'])
    rmSync(join(folder, name), { recursive: true, force: true });
  for (const name of ['state/lists/partial', 'cache/archives/partial', 'root', 'bin']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const own = [
    ['Dir::State', join(folder, 'state')],
    ['Dir::State::status', '/var/lib/dpkg/status'],
    ['Dir::Cache', join(folder, 'cache')],
    ['Debug::NoLocking', '1'],
    ['APT::Sandbox::User', ''],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const packages = needs.flatMap((need) => need.debianPackages);
  await aptGet([...own, 'update', '-qq']);
  const download = ['--download-only', '--no-install-recommends', 'install'];
  await aptGet([...own, '-y', '-qq', ...download, ...packages]);
  const root = join(folder, 'root');
  const archives = join(folder, 'cache/archives');
  for (const name of readdirSync(archives).filter((entry) => entry.endsWith('.deb'))) {
    const archive = join(archives, name);
    const code = await runProgram('dpkg-deb', ['-x', archive, root], { stdio: 'ignore' });
    if (code !== 0) throw new Problem(`${archive} could not be unpacked.`);
  }
  for (const name of ['state', 'cache']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  relocate(root);
  const multiarch = ['usr/lib', 'lib']
    .flatMap((name) => foldersIn(join(root, name)))
    .filter((path) => path.endsWith('-linux-gnu'))
    // Some packages keep theirs one folder deeper, and link to it when they are installed.
    .flatMap((path) => [path, ...foldersIn(path).filter(holdsLibraries)]);
  // LibreOffice first: it looks for its settings beside the library that was loaded.
  const libraries = [join(root, 'usr/lib/libreoffice/program'), ...multiarch].join(':');
  for (const { program } of needs) {
    const starter = join(folder, 'bin', program);
    const path = `${root}/usr/bin:${root}/usr/sbin`;
    writeFileSync(
      starter,
      `#!/bin/sh\nPATH="${path}:$PATH" LD_LIBRARY_PATH="${libraries}" \\\n` +
        `  exec "${root}/usr/bin/${program}" "$@"\n`,
    );
    chmodSync(starter, 0o755);
  }
}

/** @param {string} path @returns {string[]} none where there is no such folder */
function foldersIn(path) {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
}

/** @param {string} path */
function holdsLibraries(path) {
  return readdirSync(path).some((name) => /^lib.*\.so(?:\.|$)/.test(name));
}

/** @param {readonly string[]} args */
async function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const code = await runProgram('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (code !== 0) throw new Problem(`apt-get ${args.join(' ')} failed (exit code ${code}).`);
}
