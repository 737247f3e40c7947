/**
 * Office documents to PDF: our warm LibreOffice and its WebAssembly build beside a `soffice` started
 * for each document, on the same corpus, in turns. `npm run bench:office -- [rounds] [documents]`
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../packages/server/src/config.ts';
import {
  officeNative,
  officeWasm,
} from '../packages/server/src/conversions/engines/office/runner-engines.ts';
import {
  createRunner,
  type Runner,
  type RunnerEngine,
} from '../packages/server/src/conversions/runner/runner.ts';
import { convertCold, convertColdTogether } from './office/cold.ts';
import { makeCorpus, type Document } from './office/corpus.ts';

const [rounds = 3, many = 500] = process.argv.slice(2).map(Number);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const sideBySide = 2;

const folder = await mkdtemp(join(tmpdir(), 'mutate-bench-'));
const corpus = await makeCorpus();
for (const { name, bytes } of corpus) await writeFile(join(folder, name), bytes);
const installed = officeNative(loadConfig().programFolder);
const native = await open(installed);
const wasm = await open(officeWasm);
let outputs = 0;

const contenders: Record<string, (documents: readonly Document[]) => Promise<void>> = {
  'cold soffice, one a document': (documents) =>
    inParallel(documents, sideBySide, ({ name }, place) => convertCold(folder, place, name)),
  'cold soffice, all in one start': async (documents) => {
    const halves = [0, 1].map((half) => documents.filter((_, at) => at % 2 === half));
    await Promise.all(
      halves.map((half, place) =>
        convertColdTogether(
          folder,
          place,
          half.map(({ name }) => name),
        ),
      ),
    );
  },
  'ours, native, 2 at a time': (documents) =>
    inParallel(documents, sideBySide, (document) => convertWarm(native, installed, document)),
  'ours, native, 16 waiting': (documents) =>
    inParallel([...documents, ...documents], 18, (document) =>
      convertWarm(native, installed, document),
    ),
  'ours, WebAssembly, 2 at a time': (documents) =>
    inParallel(documents, sideBySide, (document) => convertWarm(wasm, officeWasm, document)),
};

try {
  // The first document of each process is not what anybody waits for.
  for (const convert of Object.values(contenders)) await convert(corpus.slice(0, 4));
  const perDocument = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, convert] of Object.entries(contenders)) {
      const count = name.includes('waiting') ? corpus.length * 2 : corpus.length;
      const startedMs = performance.now();
      await convert(corpus);
      const ms = (performance.now() - startedMs) / count;
      perDocument.set(name, [...(perDocument.get(name) ?? []), ms]);
    }
  }
  report(perDocument);
  await convertMany();
} finally {
  await Promise.all([native.close(), wasm.close()]);
  await rm(folder, { recursive: true, force: true });
}

function open(spec: RunnerEngine): Promise<Runner> {
  return createRunner({
    processes: sideBySide,
    log: silent,
    workRoot: join(folder, spec.engine.name),
    allowUnsandboxed: true,
    engines: [spec],
    queueWaitMsMax: 120_000,
  });
}

async function convertWarm(runner: Runner, spec: RunnerEngine, document: Document): Promise<void> {
  const outputPath = join(folder, `output-${++outputs}.pdf`);
  const options = { image_quality: 90 };
  const inputPath = join(folder, document.name);
  const task = { from: document.format, to: 'pdf', options, inputPath, outputPath } as const;
  const hooks = { signal: new AbortController().signal, onProgress: () => {} };
  await runner.run(spec.engine.name, task, hooks);
  await rm(outputPath);
}

async function inParallel(
  documents: readonly Document[],
  width: number,
  convert: (document: Document, place: number) => Promise<void>,
): Promise<void> {
  const left = documents.values();
  const workers = Array.from({ length: width }, async (_, place) => {
    for (const document of left) await convert(document, place);
  });
  await Promise.all(workers);
}

function report(perDocument: ReadonlyMap<string, readonly number[]>): void {
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  const cold = median(perDocument.get('cold soffice, one a document') ?? []);
  console.log(
    `| ${corpus.length} documents, medians of ${rounds} | ms a document | a minute | times cold |`,
  );
  console.log('|---|---|---|---|');
  for (const [name, values] of perDocument) {
    const ms = median(values);
    console.log(
      `| ${name} | ${ms.toFixed(0)} | ${(60_000 / ms).toFixed(0)} | ${(cold / ms).toFixed(1)} |`,
    );
  }
}

async function convertMany(): Promise<void> {
  let failures = 0;
  const documents = Array.from({ length: many }, (_, at) => corpus[at % corpus.length]).filter(
    (document) => document !== undefined,
  );
  const startedMs = performance.now();
  await inParallel(documents, 4, async (document) => {
    await convertWarm(native, installed, document).catch(() => (failures += 1));
  });
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(
    `${documents.length} mixed documents, 4 at a time: ${failures} failures in ${seconds.toFixed(0)} s`,
  );
}
