import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { programFolder } from '../../test/programs.ts';
import { enginesWith } from '../registry/engines.ts';
import { describeOptions } from '../registry/options.ts';
import type { Engine, Format, Pair } from './engine.ts';
import { showingOf, type Showing } from './option-showings.ts';
import { optionSample, specialSamples } from './option-samples.ts';
import { startConverter, type Converter } from './test-convert.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Each option of an engine once, however many pairs have it: with the first of them. */
function optionsOf(engine: Engine): (readonly [Pair, string, Schema])[] {
  const all = new Map<string, readonly [Pair, string, Schema]>();
  for (const pair of engine.pairs) {
    const { from, to } = pair;
    const { properties = {} } = describeOptions({ from, to, steps: [{ engine, pair }] });
    for (const [name, schema] of Object.entries(properties as Record<string, Schema>)) {
      const key = `${name} ${JSON.stringify(schema)}`;
      if (!all.has(key)) all.set(key, [pair, name, schema]);
    }
  }
  return [...all.values()];
}

function membersOf({ enum: members, anyOf, type, const: only }: Schema): unknown[] | null {
  if (Array.isArray(members)) return members;
  if (only !== undefined) return [only];
  if (Array.isArray(anyOf)) {
    const all = (anyOf as Schema[]).map(membersOf);
    return all.includes(null) ? null : all.flatMap((one) => one ?? []);
  }
  return type === 'boolean' ? [true, false] : null;
}

/** What differs between two runs with the same options: when a PDF was made, and its identifier. */
const madeWhen =
  /\(D:[^)]*\)|\/ID ?\[[^\]]*\]|\/DocChecksum ?\/[0-9A-F]+|<xmp:(?:Create|Modify)Date>[^<]*|uuid:[0-9a-f-]+/gu;

/** Tells two outputs apart; a refusal is one too. */
async function outcomeOf(
  converter: Converter,
  { from, to }: { from: Format; to: Format },
  { sample }: Showing,
  options: Record<string, unknown>,
): Promise<string> {
  const input = await (sample === undefined ? optionSample(from) : specialSamples[sample]());
  return converter.convert(input, { from, to, options }).then(
    ({ bytes, format }) => {
      const shown = format === 'pdf' ? bytes.toString('latin1').replaceAll(madeWhen, '') : bytes;
      return `${format} ${createHash('sha256').update(shown).digest('hex').slice(0, 12)}`;
    },
    (error: { code?: string; message: string }) => `${error.code ?? ''}: ${error.message}`,
  );
}

/** What is wrong with an option: values that come to the same, and results of chance. */
async function findIgnored(
  converter: Converter,
  pair: Pair,
  name: string,
  schema: Schema,
): Promise<string[]> {
  const place = `${pair.from} to ${pair.to}: ${name}`;
  const showing = showingOf(pair, name);
  if (showing.isShownElsewhere === true) return [];
  const values = showing.values ?? membersOf(schema);
  if (values === null) return [`${place} has no values to show it with`];
  const conversion = { from: showing.from ?? pair.from, to: pair.to };
  const seen = new Map<string, unknown>();
  const harm: string[] = [];
  for (const value of values) {
    const options = { ...showing.with, [name]: value };
    const outcome = await outcomeOf(converter, conversion, showing, options);
    const same = seen.get(outcome);
    if (same !== undefined) harm.push(`${place}: ${show(value)} is as ${show(same)}: ${outcome}`);
    if (/^(?:internal_error)?:/u.test(outcome)) harm.push(`${place}: ${show(value)} ${outcome}`);
    seen.set(outcome, value);
  }
  if (![...seen.keys()].some((outcome) => !outcome.includes(': '))) {
    harm.push(`${place}: every value is refused: ${[...seen.keys()].join(' | ')}`);
  }
  return harm;
}

const show = (value: unknown) => JSON.stringify(value);

/** The same options as the engine before it, at ten times its time: office.test.ts runs both. */
const specs = enginesWith(programFolder).filter(({ engine }) => engine.name !== 'libreoffice-wasm');

describe('each value of each option makes a difference of its own', () => {
  test.each(specs.map((spec) => [spec.engine.name, spec] as const))(
    'of %s',
    async (_, spec) => {
      // As the registry does first: the browser from npm is unpacked by it.
      await spec.engine.probe();
      const converter = await startConverter({ ...spec, jobsMax: 1000 });
      try {
        const harm: string[] = [];
        for (const [pair, name, schema] of optionsOf(spec.engine)) {
          harm.push(...(await findIgnored(converter, pair, name, schema)));
        }
        expect(harm).toEqual([]);
      } finally {
        await converter.close();
      }
    },
    300_000,
  );
});
