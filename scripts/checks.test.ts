import { describe, expect, test } from 'vitest';
import { brokenReferences } from './check-docs.mjs';
import { isAllowed } from './check-licences.mjs';
import { missingEntries } from './complete-lock.mjs';

describe('document references', () => {
  const files = ['README.md', 'docs/metering.md', 'packages/server/src/db/pool.ts', '.ci/run'];
  const broken = (text: string): string[] => brokenReferences('docs/metering.md', text, files);

  test('a path in backticks that is gone is named with its line', () => {
    expect(broken('fine\n\nsee `packages/server/src/gone.ts`')).toEqual([
      'docs/metering.md:3: packages/server/src/gone.ts is not there',
    ]);
  });

  test.each(['`docs/gone.md`', '`.ci/gone`', '`gone.ts`', '[a](gone.md)', '`packages/gone`'])(
    '%s is broken',
    (text) => expect(broken(text)).toHaveLength(1),
  );

  test.each([
    '`packages/server/src/db/pool.ts`',
    '`db/pool.ts`',
    '`pool.ts:12`',
    '`packages/server`',
    '`.ci/run`',
    '[top](../README.md#start)',
    '[there](https://example.com/gone.md)',
    '[here](#part)',
    '`npm start`',
    '`node_modules/.bin/vitest`',
    '`report.csv`',
    '`GET /v1/plans`',
    '`a/b`',
    '```\npackages/gone.ts `gone.ts`\n```',
  ])('%s is left alone', (text) => expect(broken(text)).toEqual([]));
});

describe('licences', () => {
  test.each([
    'MIT',
    '(MIT OR GPL-3.0-only)',
    'Apache-2.0 AND MIT',
    'Apache-2.0 WITH LLVM-exception',
  ])('%s may be linked in', (licence) => expect(isAllowed(licence)).toBe(true));

  test.each(['GPL-3.0-only', 'AGPL-3.0-or-later', 'MIT AND GPL-2.0-only', 'SEE LICENSE IN X', ''])(
    '"%s" may not',
    (licence) => expect(isAllowed(licence)).toBe(false),
  );
});

describe('lock file', () => {
  test('a build for another platform that npm left out is added with what npm needs to skip it', () => {
    const parent = {
      version: '1.0.0',
      dev: true,
      license: 'MIT',
      optionalDependencies: { 'x-darwin-arm64': '1.0.0', 'x-linux-x64-musl': '1.0.0' },
    };
    const there = { 'node_modules/x': parent, 'node_modules/x-darwin-arm64': { version: '1.0.0' } };
    expect(missingEntries(there)).toEqual({
      'node_modules/x-linux-x64-musl': {
        version: '1.0.0',
        cpu: ['x64'],
        dev: true,
        libc: ['musl'],
        license: 'MIT',
        optional: true,
        os: ['linux'],
      },
    });
  });

  test('a missing package that is for every platform is not made up', () => {
    const locked = { 'node_modules/x': { optionalDependencies: { y: '1.0.0' } } };
    expect(() => missingEntries(locked)).toThrow('y is missing from the lock file');
  });
});
