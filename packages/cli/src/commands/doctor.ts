import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError, type Command } from '../command.ts';

const settings = fileURLToPath(new URL('../../../../.env', import.meta.url));
const program = fileURLToPath(new URL('../../../server/src/doctor.ts', import.meta.url));

/** For operators: it reads the database itself, so it works beside the server's code only. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'checks the books of the live database (inside a clone)',
  help: `
mutate doctor [--fix] [--json]

Checks counters, rollups, reservations, jobs and audit chains of the database that the service
uses (its data folder, or DATABASE_URL), and explains what does not add up.

  --fix   recompute counters and rollups from the usage events, and free what no job holds
  --json  one JSON object instead of text

Exit codes: 0 all is well, 1 something is wrong, 2 the database cannot be reached.
`,
  options: { fix: { type: 'boolean' }, json: { type: 'boolean' } },
  run: async ({ io, flags }) => {
    if (!existsSync(program)) {
      throw new UsageError('mutate doctor works inside a clone of the repository, by the server.');
    }
    const args = ['fix', 'json'].filter((name) => flags[name] === true).map((name) => `--${name}`);
    // As npm start reads it.
    const environment = existsSync(settings) ? [`--env-file=${settings}`] : [];
    const child = spawn(process.execPath, [...environment, program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: io.env,
    });
    child.stdout.pipe(io.stdout, { end: false });
    child.stderr.pipe(io.stderr, { end: false });
    const interrupt = () => child.kill('SIGINT');
    io.signal.addEventListener('abort', interrupt);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
    return promise.finally(() => io.signal.removeEventListener('abort', interrupt));
  },
};
