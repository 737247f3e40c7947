import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../../context.ts';
import { createRunner, type Runner, type RunnerEngine } from '../../runner/runner.ts';
import type { Format, Warning } from '../engine.ts';
import { PdfUnderTest } from './pdf-under-test.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** One engine in a runner of its own, in its sandbox, as the service starts it. */
export class EngineUnderTest {
  readonly runner: Runner;
  readonly #name: string;
  readonly #folder: string;
  #count = 0;

  private constructor(runner: Runner, name: string, folder: string) {
    this.runner = runner;
    this.#name = name;
    this.#folder = folder;
  }

  static async open(spec: RunnerEngine): Promise<EngineUnderTest> {
    const folder = await mkdtemp(join(tmpdir(), 'mutate-office-'));
    const runner = await createRunner({
      processes: 1,
      log: silent,
      workRoot: join(folder, 'work'),
      allowUnsandboxed: true,
      engines: [spec],
    });
    return new EngineUnderTest(runner, spec.engine.name, folder);
  }

  async convert(
    input: Buffer,
    from: Format,
    to: Format,
    options: Record<string, unknown> = {},
  ): Promise<{ bytes: Buffer; warnings: readonly Warning[] }> {
    const inputPath = join(this.#folder, `input-${++this.#count}`);
    const outputPath = `${inputPath}.output`;
    await writeFile(inputPath, input);
    try {
      const task = { from, to, options, inputPath, outputPath };
      const hooks = { signal: new AbortController().signal, onProgress: () => {} };
      const { warnings } = await this.runner.run(this.#name, task, hooks);
      return { bytes: await readFile(outputPath), warnings };
    } finally {
      await Promise.all([inputPath, outputPath].map((path) => rm(path, { force: true })));
    }
  }

  async toPdf(
    input: Buffer,
    from: Format,
    options: Record<string, unknown> = {},
  ): Promise<PdfUnderTest> {
    const { bytes } = await this.convert(input, from, 'pdf', { image_quality: 90, ...options });
    return new PdfUnderTest(bytes);
  }

  /** What lies in the folders that a document could have written to, and in our own. */
  async leftovers(): Promise<string[]> {
    const [own = ''] = await readdir(join(this.#folder, 'work'));
    const children = await readdir(join(this.#folder, 'work', own));
    const left = (await readdir(this.#folder)).filter((name) => name !== 'work');
    for (const child of children) {
      for (const name of ['in', 'out', 'tmp']) {
        const path = join(this.#folder, 'work', own, child, name);
        // A child that is only starting may not have it yet.
        for (const entry of await readdir(path).catch(() => [])) {
          if (!(await stat(join(path, entry))).isSocket()) left.push(`${name}/${entry}`);
        }
      }
    }
    return left;
  }

  async close(): Promise<void> {
    await this.runner.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
