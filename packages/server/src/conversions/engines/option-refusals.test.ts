import { describe, expect, test } from 'vitest';
import { programFolder } from '../../test/programs.ts';
import { AppError } from '../../errors.ts';
import { chains } from '../registry/chains.ts';
import { enginesWith } from '../registry/engines.ts';
import { describeOptions, optionsOfStep, parseOptions } from '../registry/options.ts';
import type { Offer, Step } from '../registry/registry.ts';

type Schema = Readonly<Record<string, unknown>>;

const offers: Offer[] = enginesWith(programFolder).flatMap(({ engine }) =>
  engine.pairs.map((pair) => ({ from: pair.from, to: pair.to, steps: [{ engine, pair }] })),
);

/** Pairs whose options are the same are tried once. */
const sections = [
  ...new Map(
    offers.map((offer) => {
      const { engine } = offer.steps[0];
      return [`${engine.name} ${JSON.stringify(describeOptions(offer))}`, offer] as const;
    }),
  ).values(),
].map((offer) => [`${offer.steps[0].engine.name}: ${offer.from} to ${offer.to}`, offer] as const);

function propertiesOf(offer: Offer): [string, Schema][] {
  return Object.entries((describeOptions(offer)['properties'] ?? {}) as Record<string, Schema>);
}

/** What the schema itself says is right: every member, and both ends of a range. */
function goodValues(schema: Schema): unknown[] {
  const { type, enum: members, anyOf, minimum, maximum, maxLength, pattern } = schema;
  if (Array.isArray(anyOf)) return (anyOf as Schema[]).flatMap(goodValues);
  if (Array.isArray(members)) return members;
  if ('const' in schema) return [schema['const']];
  if (type === 'boolean') return [true, false];
  if (type === 'integer' || type === 'number') return [minimum, maximum];
  if (type === 'array') return [['a', 'b']];
  return pattern === undefined ? ['x', 'x'.repeat(Number(maxLength))] : [];
}

/** Wrong whatever the option: another type, what JSON makes of NaN, what hurts other languages. */
const wrongForAll: unknown[] = [
  null,
  {},
  [],
  [[]],
  [1],
  { toString: 1 },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -1,
];
const wrongTexts = ['', 'nonsense-', 'NaN', 'true', '1', '\u0007', 'x'.repeat(20_000), '__proto__'];

function badValues(schema: Schema): unknown[] {
  const { type, enum: members, anyOf, minimum, maximum, maxLength, minLength } = schema;
  if (Array.isArray(anyOf)) {
    const isNumber = (one: Schema) => one['type'] === 'integer';
    const top = (anyOf as Schema[]).find(isNumber)?.['maximum'];
    return [...wrongForAll, '', true, ...(typeof top === 'number' ? [top + 1, 0.5] : [])];
  }
  if (Array.isArray(members) || 'const' in schema) return [...wrongForAll, ...wrongTexts, 3.5];
  if (type === 'boolean') return [...wrongForAll, ...wrongTexts, 0, 1];
  if (type === 'integer' || type === 'number') {
    const beyond = [Number(minimum) - 1, Number(maximum) + 1, Number(maximum) * 1e6];
    const between = type === 'integer' ? [Number(minimum) + 0.5] : [];
    return [...wrongForAll, ...wrongTexts, ...beyond, ...between, true];
  }
  if (type === 'array') return [...wrongForAll, 'a', ['a', 'a'], ['a', null]];
  const tooLong = typeof maxLength === 'number' ? [`x${'x'.repeat(maxLength)}`] : [];
  const patterned = 'pattern' in schema ? ['', '[sense]?', '\u0007', 'x'.repeat(20_000)] : [];
  return [
    ...wrongForAll,
    true,
    1,
    ...tooLong,
    ...patterned,
    ...(minLength === undefined ? [] : ['']),
  ];
}

function refusal(offer: Offer, options: unknown): AppError | null {
  try {
    parseOptions(offer, options);
    return null;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Words of zod, which speak of inputs and say nothing of what would be right. */
const zodWords = /invalid input|too small|too big|expected|received/iu;

function findHarm(offer: Offer, name: string, value: unknown): string[] {
  const error = refusal(offer, { [name]: value });
  const shown = `${name}: ${JSON.stringify(value)?.slice(0, 40)}`;
  if (error === null) return [`${shown} is taken`];
  const { code, status, message, details } = error;
  const isClear =
    code === 'invalid_request' &&
    status === 400 &&
    message.startsWith(`/options/${name}`) &&
    !zodWords.test(message) &&
    message.length < 300 &&
    Array.isArray(details['errors']);
  return isClear ? [] : [`${shown}: ${status} ${code} ${message}`];
}

test('every option of every engine has a bound to what it may be', () => {
  const unbounded = offers.flatMap((offer) =>
    propertiesOf(offer)
      .filter(([, { type, pattern, maxLength, maximum }]) => {
        if (type === 'string' && pattern === undefined) return maxLength === undefined;
        return (type === 'integer' || type === 'number') && maximum === undefined;
      })
      .flatMap(([name, { enum: members }]) =>
        members === undefined ? [`${offer.from} to ${offer.to}: ${name}`] : [],
      ),
  );
  expect(unbounded).toEqual([]);
});

describe.each(sections)('the options of %s', (_, offer) => {
  test('are taken with each value that is named, and both ends of a range', () => {
    const refused = propertiesOf(offer).flatMap(([name, schema]) =>
      goodValues(schema)
        .filter((value) => !needsCompany(offer, name, value))
        .flatMap((value) => refusal(offer, { [name]: value })?.message ?? []),
    );
    expect(refused).toEqual([]);
  });

  test('are refused with any other value: 400, with its name and all it may be', () => {
    const harm = propertiesOf(offer).flatMap(([name, schema]) =>
      badValues(schema).flatMap((value) => findHarm(offer, name, value)),
    );
    expect(harm).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('are all there are: an unknown one is refused with its name and the known ones', () => {
    const known = propertiesOf(offer).map(([name]) => name);
    const text = JSON.parse('{"colour":1,"__proto__":2,"constructor":3,"toString":4,"":5}');
    const { details, code } = refusal(offer, text) ?? {};
    expect(code).toBe('invalid_request');
    const places = ['colour', '__proto__', 'constructor', 'toString', ''];
    expect(details?.['errors']).toEqual(
      places.map((name) => ({
        pointer: `/options/${name}`,
        detail:
          known.length === 0
            ? 'No options are known.'
            : `Unknown option; known: ${known.join(', ')}.`,
      })),
    );
  });
});

/** Only the steps' own rules know that two options go together. */
function needsCompany({ steps: [{ pair }] }: Offer, name: string, value: unknown): boolean {
  const alone = pair.options.safeParse({ [name]: value });
  return alone.error?.issues.every((issue) => issue.path[0] !== name) ?? false;
}

/** A chain as the registry would make it of the first engines that do its steps. */
function chainOffers(): Offer[] {
  const stepOf = (from: string, to: string): Step[] =>
    offers.find((offer) => offer.from === from && offer.to === to)?.steps.slice(0, 1) ?? [];
  return chains.flatMap(({ from, via, to }) => {
    const [first, last] = [...stepOf(from, via), ...stepOf(via, to)];
    return first && last ? [{ from, to, steps: [first, last] as const }] : [];
  });
}

test('each option of each chain reaches the step it is for, the last where both have it', () => {
  const seen = chainOffers().flatMap((offer) => {
    const [first = {}, last = {}] = offer.steps.map(({ pair }) => pair.options.shape);
    return propertiesOf(offer).flatMap(([name, schema]) =>
      goodValues(schema)
        .filter((value) => refusal(offer, { [name]: value }) === null)
        .map((value) => {
          const parsed = parseOptions(offer, { [name]: value });
          const [one, two] = [optionsOfStep(offer, 0, parsed), optionsOfStep(offer, 1, parsed)];
          const right = name in last ? two[name] : one[name];
          const wrong = name in last ? name in one : name in two;
          const known = name in first || name in last;
          return JSON.stringify(right) === JSON.stringify(value) && !wrong && known
            ? 'right'
            : `${offer.from} to ${offer.to}: ${name} ${JSON.stringify(value)}`;
        }),
    );
  });
  expect(new Set(seen)).toEqual(new Set(['right']));
});

test('a chain refuses a bad value of either step, and tells what that step allows', () => {
  const harm = chainOffers().flatMap((offer) =>
    propertiesOf(offer).flatMap(([name, schema]) =>
      badValues(schema).flatMap((value) => findHarm(offer, name, value)),
    ),
  );
  expect(harm).toEqual([]);
});
