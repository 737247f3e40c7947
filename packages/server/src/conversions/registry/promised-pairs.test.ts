import { mkdtemp, chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utils, write } from '@e965/xlsx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Log } from '../../context.ts';
import { programFolder } from '../../test/programs.ts';
import { detectFormat, headBytes } from '../detect/detect.ts';
import type { Format } from '../engines/engine.ts';
import { png } from '../engines/image/test-files.ts';
import { makeMedia } from '../engines/media/test-media.ts';
import {
  DocumentMaker,
  sheetSource,
  slidesSource,
  textSource,
} from '../engines/office/test-documents.ts';
import { makePdf } from '../engines/pdf/make-pdf.ts';
import type { Runner } from '../runner/runner.ts';
import { enginesWith } from './engines.ts';
import { openEngines } from './open-engines.ts';
import { optionsOfStep, parseOptions } from './options.ts';
import type { Registry } from './registry.ts';

type Pairs = readonly (readonly [from: readonly Format[], to: readonly Format[]])[];

const rasters: readonly Format[] = ['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'];
const documents: readonly Format[] = ['docx', 'odt', 'rtf', 'pptx', 'odp'];

/** What works on every machine, with nothing but the packages from npm. */
const fromNpm: Pairs = [
  [
    ['xlsx', 'xlsm'],
    ['csv', 'json', 'ndjson'],
  ],
  [
    ['xls', 'xlsb', 'ods'],
    ['csv', 'json'],
  ],
  [['csv', 'json', 'ndjson'], ['xlsx']],
  [['csv'], ['json', 'ndjson', 'parquet']],
  [['json'], ['csv', 'ndjson', 'parquet']],
  [['ndjson'], ['csv', 'json', 'parquet']],
  [['parquet'], ['csv', 'json', 'ndjson']],
  [['xml', 'yaml'], ['json']],
  [['json'], ['xml', 'yaml']],
  [
    [...documents, 'xlsx', 'ods'],
    ['pdf', 'png', 'jpeg', 'txt'],
  ],
  [['docx'], ['html', 'md', 'txt']],
  [['md'], ['html', 'docx', 'pdf', 'png', 'txt']],
  [['html'], ['pdf', 'png', 'txt', 'md', 'docx']],
  [
    [...rasters, 'svg'],
    [...rasters, 'pdf'],
  ],
  [['heic'], ['jpeg', 'png']],
  [['pdf'], ['pdf', 'png', 'jpeg', 'txt']],
];
const withPrograms: Pairs = [
  ...fromNpm,
  [['mp4'], ['webm', 'mp3', 'gif']],
  [['wav'], ['mp3', 'flac', 'ogg']],
];

const samples = new Map<Format, Buffer>();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mutate-pairs-'));
  await chmod(folder, 0o711);
  const csv = Buffer.from('name,count\nAda,1\nGrete,2\n');
  samples.set('csv', csv);
  samples.set('json', Buffer.from('[{"name":"Ada","count":1}]'));
  samples.set('ndjson', Buffer.from('{"name":"Ada","count":1}\n'));
  samples.set('xml', Buffer.from('<people><name>Ada</name></people>'));
  samples.set('yaml', Buffer.from('name: Ada\n'));
  samples.set('md', Buffer.from('# Title\n\nText\n'));
  samples.set('html', Buffer.from('<!DOCTYPE html><h1>Title</h1>'));
  const body = '<rect width="20" height="20" fill="red"/>';
  const size = 'width="40" height="40"';
  samples.set('svg', Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${size}>${body}</svg>`));
  samples.set('png', png(40, 30));
  samples.set('pdf', await makePdf(['A page']));
  samples.set('mp4', makeMedia('mp4'));
  samples.set('wav', makeMedia('wav'));
  const heic = new URL('../engines/image/fixtures/quarters.heic', import.meta.url);
  samples.set('heic', await readFile(heic));
  const book = utils.book_new(utils.aoa_to_sheet([['name'], ['Ada']]), 'People');
  samples.set('xlsb', write(book, { type: 'buffer', bookType: 'xlsb' }) as Buffer);
  const maker = await DocumentMaker.open(programFolder);
  const [text, sheet, slides] = [await textSource(1), sheetSource(5, 3), slidesSource(1)];
  for (const format of ['docx', 'odt', 'rtf'] as const) {
    samples.set(format, await maker.make(format, text));
  }
  for (const format of ['xlsx', 'xlsm', 'xls', 'ods'] as const) {
    samples.set(format, await maker.make(format, sheet));
  }
  for (const format of ['pptx', 'odp'] as const) {
    samples.set(format, await maker.make(format, slides));
  }
  await maker.close();
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Converts a sample in one step or a chain, and gives what the output is. */
async function convert(
  { registry, runner }: { registry: Registry; runner: Runner },
  from: Format,
  to: Format,
): Promise<Format> {
  const offer = registry.find(from, to);
  if (offer === null) throw new Error('is not offered');
  const options = parseOptions(offer, {});
  let inputPath = join(folder, 'input');
  await writeFile(inputPath, samples.get(from) ?? '');
  let format = from;
  for (const [index, { engine, pair }] of offer.steps.entries()) {
    const outputPath = join(folder, `output-${index}`);
    const task = {
      from: pair.from,
      to: pair.to,
      options: optionsOfStep(offer, index, options),
      inputPath,
      outputPath,
    };
    const hooks = { signal: new AbortController().signal, onProgress: () => {} };
    ({ format } = await runner.run(engine.name, task, hooks));
    inputPath = outputPath;
  }
  const output = await readFile(inputPath);
  if (output.length === 0) throw new Error('made nothing');
  const seen = await detectFormat({
    head: output.subarray(0, headBytes),
    filename: `output.${format}`,
    bytes: output,
  });
  return seen.format ?? format;
}

/** Programs that an operator installs; what is left comes from npm. */
const installed = new Set(['libreoffice', 'ffmpeg']);

describe.each([
  ['with the programs of this machine', withPrograms, new Set<string>()],
  ['from npm alone', fromNpm, installed],
] as const)('every pair that is promised works, %s', (_, pairs, hidden) => {
  let opened: { registry: Registry; runner: Runner };
  beforeAll(async () => {
    const engines = enginesWith(programFolder).filter(({ engine }) => !hidden.has(engine.name));
    opened = await openEngines(engines, {
      processes: 2,
      log: silent,
      workRoot: join(folder, 'work'),
      allowUnsandboxed: true,
    });
    for (const [from, to] of [
      ['csv', 'parquet'],
      ...rasters.slice(1).map((format) => ['png', format] as const),
    ] as const) {
      await convert(opened, from, to);
      const step = join(folder, 'output-0');
      samples.set(to, await readFile(step));
    }
  }, 240_000);
  afterAll(() => opened.runner.close());

  test.each(pairs.map(([from, to]) => [from.join(', '), to.join(', '), from, to] as const))(
    '%s to %s',
    async (_from, _to, sources, targets) => {
      const wrong: string[] = [];
      for (const from of sources) {
        for (const to of targets) {
          const made = await convert(opened, from, to).catch((error: unknown) => String(error));
          if (made !== to) wrong.push(`${from} to ${to}: ${made}`);
        }
      }
      expect(wrong).toEqual([]);
    },
    300_000,
  );
});
