import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { csvJsonEngine } from '../engines/csv-json.ts';
import type { Engine, Format } from '../engines/engine.ts';
import { jsonCsvEngine } from '../engines/json-csv.ts';
import { optionsOfStep, parseOptions } from './options.ts';
import { buildRegistry, conversionType, resolveTarget, type Offer } from './registry.ts';

const absent: Engine = {
  ...csvJsonEngine,
  name: 'absent',
  probe: async () => ({ available: false, reason: 'not installed' }),
};
const broken: Engine = {
  ...jsonCsvEngine,
  name: 'broken',
  probe: async () => {
    throw new Error('cannot start');
  },
};

function failure(run: () => unknown): AppError {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const pair = csvJsonEngine.pairs[0];
if (!pair) throw new Error('no pair');
const offer: Offer = { from: 'csv', to: 'json', steps: [{ engine: csvJsonEngine, pair }] };
const optionErrors = (json: unknown) => failure(() => parseOptions(offer, json)).details['errors'];

describe('the registry', () => {
  test('picks the first available engine of a pair and tells why others are not', async () => {
    const second = { ...csvJsonEngine, name: 'second' };
    const registry = await buildRegistry([absent, csvJsonEngine, second, broken]);
    expect(registry.find('csv', 'json')?.steps[0].engine.name).toBe('csv-json');
    expect(registry.find('json', 'csv')).toBeNull();
    expect(registry.targetsOf('csv')).toEqual(['json', 'ndjson']);
    expect(registry.list()).toMatchObject([
      { type: 'CSV_TO_JSON', from: 'csv', to: 'json', engine: 'csv-json', available: true },
      { type: 'CSV_TO_NDJSON', engine: 'csv-json', available: true },
      { type: 'CSV_TO_JSON', engine: 'absent', available: false, reason: 'not installed' },
      { type: 'CSV_TO_NDJSON', engine: 'absent', available: false, reason: 'not installed' },
      { type: 'JSON_TO_CSV', engine: 'broken', available: false, reason: 'cannot start' },
      { type: 'NDJSON_TO_CSV', engine: 'broken', available: false, reason: 'cannot start' },
    ]);
  });

  test('shows options as JSON Schema: defaults, allowed values, nothing else allowed', async () => {
    const [entry] = (await buildRegistry([csvJsonEngine])).list();
    expect(entry).toMatchObject({
      options: {
        type: 'object',
        additionalProperties: false,
        properties: { types: { enum: ['string', 'infer'], default: 'string' } },
      },
    });
    expect(JSON.stringify(entry)).not.toContain('"required"');
  });

  test('names the type a conversion is counted under', () => {
    expect(conversionType('xlsx', 'csv')).toBe('XLSX_TO_CSV');
  });

  test('an unknown target is 422 with the targets there are', async () => {
    const registry = await buildRegistry([csvJsonEngine]);
    expect(resolveTarget('csv', '.JSON', registry).steps[0].engine).toBe(csvJsonEngine);
    for (const to of ['docx', 'nonsense', '', 'csv', '__proto__']) {
      const error = failure(() => resolveTarget('csv', to, registry));
      expect(error).toMatchObject({
        status: 422,
        code: 'unsupported_conversion',
        details: { supported_targets: ['json', 'ndjson'] },
      });
    }
    const none = failure(() => resolveTarget('pdf', 'csv', registry));
    expect(none.details).toEqual({ supported_targets: [] });
  });
});

describe('a chain', () => {
  const engineOf = (name: string, from: Format, to: Format, shape: z.ZodRawShape): Engine => ({
    ...csvJsonEngine,
    name,
    pairs: [{ from, to, options: z.strictObject(shape) }],
  });
  const office = engineOf('office', 'docx', 'pdf', {
    paper: z.enum(['a4', 'letter']).default('a4'),
    pages: z.string().optional(),
  });
  const raster = engineOf('raster', 'pdf', 'png', {
    dpi: z.int().max(600).default(150),
    pages: z.string().default('all'),
  });
  const chain = { from: 'docx', via: 'pdf', to: 'png' } as const;

  test('is offered where both of its steps are, unless one engine does it alone', async () => {
    const both = await buildRegistry([office, raster], [chain]);
    expect(both.targetsOf('docx')).toEqual(['pdf', 'png']);
    expect(both.list().map(({ type, engine }) => [type, engine])).toContainEqual([
      'DOCX_TO_PNG',
      'office+raster',
    ]);
    const half = await buildRegistry([office], [chain]);
    expect(half.find('docx', 'png')).toBeNull();
    const alone = engineOf('alone', 'docx', 'png', {});
    const direct = await buildRegistry([office, raster, alone], [chain]);
    expect(direct.find('docx', 'png')?.steps.map(({ engine }) => engine.name)).toEqual(['alone']);
  });

  test('takes the files that are too large for the engine of one step, where it is offered', async () => {
    const small = { ...engineOf('small', 'xls', 'csv', {}), inputBytesMax: 20 };
    const newer = engineOf('newer', 'xls', 'xlsx', {});
    const sheets = engineOf('sheets', 'xlsx', 'csv', {});
    const large = { from: 'xls', via: 'xlsx', to: 'csv' } as const;
    const namesFor = async (engines: Engine[], bytes: number) => {
      const found = (await buildRegistry(engines, [], [large])).findFor('xls', 'csv', bytes);
      return found?.steps.map(({ engine }) => engine.name);
    };
    expect(await namesFor([small, newer, sheets], 20)).toEqual(['small']);
    expect(await namesFor([small, newer, sheets], 21)).toEqual(['newer', 'sheets']);
    expect(await namesFor([small, sheets], 21)).toEqual(['small']);
  });

  test('takes the options of all its steps, each checked and handed to the step it is for', async () => {
    const found = (await buildRegistry([office, raster], [chain])).find('docx', 'png');
    if (!found) throw new Error('the chain is not offered');
    const options = parseOptions(found, { paper: 'letter', pages: '2-3' });
    expect(options).toEqual({ paper: 'letter', dpi: 150, pages: '2-3' });
    expect(optionsOfStep(found, 0, options)).toEqual({ paper: 'letter' });
    expect(optionsOfStep(found, 1, options)).toEqual({ dpi: 150, pages: '2-3' });
    const errors = failure(() => parseOptions(found, { dpi: 9000, colour: 1 })).details['errors'];
    expect(errors).toMatchObject([{ pointer: '/options/dpi' }, { pointer: '/options/colour' }]);
  });
});

describe('options', () => {
  test('get their defaults, and what is given', () => {
    expect(parseOptions(offer, undefined)).toMatchObject({ header: true, delimiter: 'auto' });
    expect(parseOptions(offer, { indent: 2 })).toMatchObject({ indent: 2, types: 'string' });
  });

  test('that are not valid are 400, each with its pointer and the allowed values', () => {
    expect(failure(() => parseOptions(offer, { indent: 9 }))).toMatchObject({
      status: 400,
      code: 'invalid_request',
    });
    expect(optionErrors({ types: 'guess', delimiter: 'ab' })).toEqual([
      { pointer: '/options/delimiter', detail: expect.stringContaining('"auto" or one ASCII') },
      { pointer: '/options/types', detail: 'It must be one of "string", "infer".' },
    ]);
    expect(optionErrors({ indent: 'two', delimiter: 5, header: 'yes' })).toEqual([
      { pointer: '/options/header', detail: 'It must be true or false.' },
      { pointer: '/options/delimiter', detail: expect.stringContaining('"auto" or one ASCII') },
      { pointer: '/options/indent', detail: 'It must be a whole number from 0 to 8.' },
    ]);
    for (const json of ['x', 1, []]) {
      expect(optionErrors(json)).toMatchObject([{ pointer: '/options' }]);
    }
  });

  test('that are unknown are 400, never ignored', () => {
    expect(optionErrors(JSON.parse('{"a/b~": 1, "__proto__": 2}'))).toEqual([
      { pointer: '/options/a~1b~0', detail: expect.stringContaining('known: header, delimiter') },
      { pointer: '/options/__proto__', detail: expect.stringContaining('Unknown option') },
    ]);
  });
});
