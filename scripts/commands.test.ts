import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/** A clone in miniature: the real scripts, an own lock file and a server of a few lines. */
let clone: string;

beforeEach(() => {
  clone = mkdtempSync(path.join(tmpdir(), 'mutate-clone-'));
  cpSync(path.join(root, 'scripts'), path.join(clone, 'scripts'), { recursive: true });
  writeManifest({});
  writeLock({});
  mkdirSync(path.join(clone, 'node_modules'));
  writeFileSync(path.join(clone, 'node_modules/.package-lock.json'), '{"packages":{}}');
  mkdirSync(path.join(clone, 'packages/server/src'), { recursive: true });
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

function writeLock(packages: Record<string, object>): void {
  const lock = {
    name: 'tiny',
    lockfileVersion: 3,
    requires: true,
    packages: { '': {}, ...packages },
  };
  writeFileSync(path.join(clone, 'package-lock.json'), JSON.stringify(lock));
}

function writeManifest(dependencies: Record<string, string>): void {
  const manifest = { name: 'tiny', private: true, dependencies };
  writeFileSync(path.join(clone, 'package.json'), JSON.stringify(manifest));
}

function writeServer(text: string): void {
  writeFileSync(path.join(clone, 'packages/server/src/main.ts'), text);
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; output: string }>;
  readonly said: (words: string) => Promise<void>;
}

function run(script: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, [path.join(clone, 'scripts', script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_lifecycle_event: undefined, ...env },
  });
  let output = '';
  const onText = (text: string): void => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', onText);
  child.stderr.setEncoding('utf8').on('data', onText);
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
  const said = (words: string): Promise<void> =>
    expect.poll(() => output, { timeout: 30_000 }).toContain(words);
  return { child, ended, said };
}

describe('npm start', () => {
  test('further arguments reach the server and its exit code comes back', async () => {
    writeServer('console.log(`args ${process.argv.slice(2)}`);\nprocess.exitCode = 7;\n');
    const { code, output } = await run('start.mjs', ['--one', 'two']).ended;
    expect(output).toContain('args --one,two');
    expect(code).toBe(7);
  });

  test('settings in .env reach the server', async () => {
    writeFileSync(path.join(clone, '.env'), 'PORT=4711\n');
    writeServer('console.log(`port ${process.env.PORT}`);\n');
    expect((await run('start.mjs').ended).output).toContain('port 4711');
  });

  test('the flags it was started with do not reach what the server forks', async () => {
    writeServer('console.log(`flags [${process.execArgv}]`);\n');
    expect((await run('start.mjs').ended).output).toContain('flags []');
  });

  const waitingServer = (signal: string): string =>
    `process.on('${signal}', () => { console.log('draining'); clearInterval(timer); });\n` +
    'const timer = setInterval(() => undefined, 1000);\nconsole.log(`up ${process.pid}`);\n';

  test.each(['SIGINT', 'SIGTERM'] as const)('%s drains the server', async (signal) => {
    writeServer(waitingServer(signal));
    const { child, ended, said } = run('start.mjs');
    await said('up ');
    child.kill(signal);
    expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining('draining') });
  });

  test('a server that a signal killed answers 128 + its number', async () => {
    writeServer("process.kill(process.pid, 'SIGKILL');\n");
    expect((await run('start.mjs').ended).code).toBe(137);
  });

  test('a starter that is killed with -9 leaves no server behind', async () => {
    writeServer(waitingServer('SIGTERM'));
    const { child, ended, said } = run('start.mjs');
    await said('up ');
    child.kill('SIGKILL');
    // The output only closes once the server, which holds it too, has ended.
    expect((await ended).output).toContain('draining');
  });
});

describe('installing', () => {
  test('what npm has to say about a failure is shown, with exit code 1', async () => {
    writeManifest({ thing: 'file:thing' });
    writeLock({ 'node_modules/other': { version: '1.0.0' } });
    writeServer("console.log('up');\n");
    const { code, output } = await run('start.mjs').ended;
    expect(output).toContain('npm ci failed');
    expect(output).toContain('npm error');
    expect(output).not.toContain('Starting Mutate');
    expect(code).toBe(1);
  });

  test('an installation that broke off is done again, one that is whole is not', async () => {
    const thing = path.join(clone, 'thing');
    mkdirSync(thing);
    const manifest = { name: 'thing', version: '1.0.0' };
    writeFileSync(path.join(thing, 'package.json'), JSON.stringify(manifest));
    const dependencies = { thing: 'file:thing' };
    writeManifest(dependencies);
    writeLock({
      '': { name: 'tiny', dependencies },
      thing: { version: '1.0.0' },
      'node_modules/thing': { resolved: 'thing', link: true },
    });
    writeServer("console.log('up');\n");
    rmSync(path.join(clone, 'node_modules/.package-lock.json'));
    const [first, second] = [await run('start.mjs').ended, await run('start.mjs').ended];
    expect(first.output).toMatch(/Installing packages[\s\S]*up/);
    expect(second.output).not.toContain('Installing packages');
    expect(second.output).toContain('up');
  });

  test('without npm on the machine the message says so', async () => {
    writeLock({ 'node_modules/tiny-thing': { version: '1.0.0' } });
    const env = { PATH: path.join(clone, 'nothing'), npm_execpath: undefined };
    const { code, output } = await run('start.mjs', [], env).ended;
    expect(output).toContain('npm cannot be started');
    expect(code).toBe(1);
  });
});

describe('npm test', () => {
  beforeEach(() => {
    rmSync(path.join(clone, 'node_modules'), { recursive: true });
    symlinkSync(path.join(root, 'node_modules'), path.join(clone, 'node_modules'));
    rmSync(path.join(clone, 'scripts'), { recursive: true });
    cpSync(path.join(root, 'scripts/setup'), path.join(clone, 'scripts/setup'), {
      recursive: true,
    });
    writeFileSync(
      path.join(clone, 'scripts/only-vitest.mjs'),
      "import { runVitest } from './setup/vitest-run.mjs';\n" +
        "import { conclude } from './setup/tally.mjs';\n" +
        'const args = process.argv.slice(2);\n' +
        'process.exitCode = conclude(await runVitest(process.cwd(), process.execPath, args));\n',
    );
  });

  const lastLine = (output: string): string | undefined => output.trimEnd().split('\n').at(-1);

  async function runTests(
    text: string,
    args: string[] = [],
  ): Promise<[string | undefined, number | null]> {
    const { code, output } = await outputOf(text, args);
    return [lastLine(output), code];
  }

  async function outputOf(
    text: string,
    args: string[] = [],
  ): Promise<{ code: number | null; output: string }> {
    writeFileSync(
      path.join(clone, 'sample.test.ts'),
      `import { expect, test } from 'vitest';\nconst yes = () => expect(1).toBe(1);\n${text}`,
    );
    const script = path.join(clone, 'scripts/only-vitest.mjs');
    const child = spawn(process.execPath, [script, ...args], {
      cwd: clone,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output };
  }

  test('passed tests are counted', async () => {
    expect(await runTests("test('a', yes);\ntest('b', yes);\n")).toEqual(['2 passed, 0 failed', 0]);
  });

  test('a skipped test and a todo count as failed', async () => {
    const text = "test('a', yes);\ntest.skip('b', yes);\ntest.todo('c');\n";
    expect(await runTests(text)).toEqual(['1 passed, 2 failed', 1]);
  });

  test('tests left out by a chosen name do not count', async () => {
    const text = "test('apple', yes);\ntest('pear', yes);\n";
    expect(await runTests(text, ['-t', 'pear'])).toEqual(['1 passed, 0 failed', 0]);
  });

  test('a file that cannot be loaded counts as failed', async () => {
    expect(await runTests("throw new Error('broken');\n")).toEqual(['0 passed, 1 failed', 1]);
  });

  test('what failed is named at the end, with the reason', async () => {
    const { output } = await outputOf("test('a', yes);\ntest('b', () => expect(1).toBe(2));\n");
    const ending = output.trimEnd().split('\n').slice(-3);
    expect(ending[0]).toMatch(/^✗ .*sample\.test\.ts: b: .*expected 1 to be 2/);
    expect(ending.slice(1)).toEqual(['', '1 passed, 1 failed']);
  });

  test('an error outside every test counts as failed', async () => {
    const text = "test('a', yes);\nvoid Promise.reject(new Error('lost'));\n";
    expect(await runTests(text)).toEqual(['1 passed, 1 failed', 1]);
  });

  test('a run in which no test ran has failed', async () => {
    const [line, code] = await runTests('', ['nothing-like-it']);
    expect(line).toBe('0 passed, 1 failed');
    expect(code).toBe(1);
  });
});
