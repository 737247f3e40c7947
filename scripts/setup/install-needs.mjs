import { existsSync } from 'node:fs';
import { Problem } from './problem.mjs';
import { runProgram } from './run-program.mjs';

/**
 * Installs the programs that are needed and not there, with apt-get as root.
 *
 * @param {readonly import('../test-needs.mjs').TestNeed[]} needs
 * @throws {Problem} where that is not possible here, with the command to type
 */
export async function installNeeds(needs) {
  const missing = needs.filter((need) => !need.isThere());
  if (missing.length === 0) return;
  const names = missing.map((need) => need.name).join(', ');
  const packages = missing.flatMap((need) => need.debianPackages);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    const command = `sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
    throw new Problem(`These tests need ${names}. On Debian or Ubuntu:\n  ${command}`);
  }
  console.log(`Installing ${names} (${packages.join(' ')}) …`);
  await aptGet(['update', '-q']);
  await aptGet(['install', '-y', '-q', '--no-install-recommends', ...packages]);
  const absent = missing.filter((need) => !need.isThere());
  if (absent.length > 0) {
    throw new Problem(
      `Installed and still not found: ${absent.map((need) => need.name).join(', ')}`,
    );
  }
}

/** @param {readonly string[]} args */
async function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const code = await runProgram('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (code !== 0) throw new Problem(`apt-get ${args.join(' ')} failed (exit code ${code}).`);
}
