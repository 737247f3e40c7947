import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EngineProcess } from './engine-process.ts';
import { badEngine } from './fixtures/engines.ts';
import { createSandbox } from './sandbox.ts';

/** Tells the sleepers of this run from those of another. */
const naps = 60_000 + (process.pid % 9000);

function sleepers(): string[] {
  const lines = execFileSync('ps', ['-ewwo', 'args'], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(`sleep ${naps}`));
}

test.each(['leave', 'daemon'])(
  'without namespaces as well, what a child has started (%s) does not outlive it',
  async (misdeed) => {
    const folder = await mkdtemp(join(tmpdir(), 'mutate-left-behind-'));
    const at = join(folder, 'job');
    const module = new URL('./fixtures/engines.ts', import.meta.url);
    const given = { engine: badEngine, module, exportName: 'badEngine', needsSandbox: false };
    const child = new EngineProcess({
      spec: { ...given, warm: false },
      sandbox: createSandbox('none', false, [], []),
      folder: at,
      place: 90,
    });
    await child.ready;
    await writeFile(join(at, 'in', 'input.csv'), `${misdeed} ${naps}`);
    const task = { from: 'csv', to: 'json', options: {}, input: 'input.csv', output: 'o' } as const;
    await expect(child.run(task, () => {})).rejects.toMatchObject({ code: 'internal_error' });
    await child.ended;
    expect(existsSync(at)).toBe(false);
    await expect.poll(sleepers, { timeout: 5000 }).toEqual([]);
    await rm(folder, { recursive: true });
  },
);
