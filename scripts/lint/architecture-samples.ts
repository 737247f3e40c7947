const server = 'packages/server/src';

/** Each sample breaks one rule: file, content, rule, and words that its message must hold. */
export const violations: readonly (readonly [
  file: string,
  text: string,
  rule: string,
  words: string,
])[] = [
  [
    `${server}/plans/upwards.ts`,
    "import { admit } from '../metering/metering.ts';\nexport const run = admit;\n",
    'architecture(import-order)',
    'plans may not import metering: features import one way',
  ],
  [
    `${server}/plans/type-upwards.ts`,
    "export type Batch = import('../metering/metering.ts').Batch;\n",
    'architecture(import-order)',
    'plans may not import metering',
  ],
  [
    `${server}/plans/lazily-upwards.ts`,
    "export const load = () => import('../metering/metering.ts');\n",
    'architecture(import-order)',
    'plans may not import metering',
  ],
  [
    `${server}/metering/reads-billing.ts`,
    "import { invoice } from '../billing/billing.ts';\nexport const run = invoice;\n",
    'architecture(import-order)',
    'metering may not import billing',
  ],
  [
    `${server}/billing/reads-conversions.ts`,
    "import { job } from '../conversions/conversions.ts';\nexport const run = job;\n",
    'architecture(import-order)',
    'billing may not import conversions',
  ],
  [
    `${server}/conversions/reads-admin.ts`,
    "import { rule } from '../admin/admin.ts';\nexport const run = rule;\n",
    'architecture(import-order)',
    'conversions may not import admin',
  ],
  [
    `${server}/analytics/reads-plans.ts`,
    "import { plan } from '../plans/plans.ts';\nexport const run = plan;\n",
    'architecture(import-order)',
    'analytics may not import plans',
  ],
  [
    `${server}/audit/reads-outbox.ts`,
    "import { enqueue } from '../notifications/outbox.ts';\nexport const run = enqueue;\n",
    'architecture(import-order)',
    'audit may not import notifications',
  ],
  [
    `${server}/admin/reads-statements.ts`,
    "import { findBill } from '../billing/overage/sql.ts';\nexport const run = findBill;\n",
    'architecture(import-order)',
    'overage/sql.ts is private to billing',
  ],
  [
    `${server}/admin/reads-routes.ts`,
    "import { routes } from '../plans/routes.ts';\nexport const run = routes;\n",
    'architecture(import-order)',
    'routes.ts is private to plans',
  ],
  [
    `${server}/metering/reads-sql.ts`,
    "import { findPlan } from '../plans/sql.ts';\nexport const run = findPlan;\n",
    'architecture(import-order)',
    'sql.ts is private to plans',
  ],
  [
    `${server}/plans/reads-mail.ts`,
    "import { mail } from '../notifications/mail.ts';\nexport const run = mail;\n",
    'architecture(import-order)',
    'may import outbox.ts alone',
  ],
  [
    `${server}/surprise/new-feature.ts`,
    "import { plan } from '../plans/plans.ts';\nexport const run = plan;\n",
    'architecture(import-order)',
    'surprise has no place in the import order',
  ],
  [
    `${server}/http/reads-feature.ts`,
    "import { plan } from '../plans/plans.ts';\nexport const run = plan;\n",
    'architecture(import-order)',
    'http lies below the features',
  ],
  [
    `${server}/plans/reads-app.ts`,
    "import { buildApp } from '../app.ts';\nexport const run = buildApp;\n",
    'architecture(import-order)',
    'Nobody imports app.ts',
  ],
  [
    `${server}/plans/reads-test.ts`,
    "import { scenario } from '../test/scenario.ts';\nexport const run = scenario;\n",
    'architecture(import-order)',
    'Only tests import from test/',
  ],
  [
    `${server}/main.ts`,
    "import { scenario } from './test/scenario.ts';\nexport const run = scenario;\n",
    'architecture(import-order)',
    'Only tests import from test/',
  ],
  [
    'packages/sdk/src/with-package.ts',
    "import { z } from 'zod';\nexport const run = z;\n",
    'architecture(import-order)',
    'packages/sdk depends on nothing',
  ],
  [
    'packages/cli/src/with-package.ts',
    "import { z } from 'zod';\nexport const run = z;\n",
    'architecture(import-order)',
    'packages/cli depends on @mutate/sdk',
  ],
  [
    'packages/cli/src/by-path.ts',
    "import { AppError } from '../../server/src/errors.ts';\nexport const run = AppError;\n",
    'architecture(import-order)',
    'packages/cli may not reach outside itself by path',
  ],
  [
    `${server}/plans/reads-sdk.ts`,
    "import { Mutate } from '@mutate/sdk';\nexport const run = Mutate;\n",
    'architecture(import-order)',
    'The server is the bottom of the repository',
  ],
  [
    `${server}/plans/plan-utils.ts`,
    'export const run = 1;\n',
    'architecture(file-name)',
    '"utils" says nothing',
  ],
  [
    `${server}/plans/everything.ts`,
    "export { plan } from './plans.ts';\nexport type { Plan } from './plans.ts';\n",
    'architecture(no-barrel)',
    'this file only passes others on',
  ],
  [
    `${server}/plans/star.ts`,
    "export * from './plans.ts';\nexport const run = 1;\n",
    'architecture(no-barrel)',
    'name what is exported',
  ],
  [
    `${server}/plans/environment.ts`,
    'export const home = process.env.HOME;\n',
    'architecture(no-environment)',
    'Only config.ts reads the environment',
  ],
  [
    `${server}/plans/environment-by-name.ts`,
    "export const home = process['env'].HOME;\n",
    'architecture(no-environment)',
    'Only config.ts reads the environment',
  ],
  [
    `${server}/plans/environment-imported.ts`,
    "import { env } from 'node:process';\nexport const home = env.HOME;\n",
    'architecture(no-environment)',
    'Only config.ts reads the environment',
  ],
  [
    `${server}/plans/environment-taken-apart.ts`,
    'const { env } = process;\nexport const home = env.HOME;\n',
    'architecture(no-environment)',
    'Only config.ts reads the environment',
  ],
  [
    `${server}/plans/long-file.ts`,
    'export const lines: number[] = [];\n'.concat('lines.push(1);\n'.repeat(300)),
    'eslint(max-lines)',
    'too many lines (301)',
  ],
  [
    `${server}/plans/long-function.ts`,
    `export function run(): void {\n${'  run();\n'.repeat(69)}}\n`,
    'eslint(max-lines-per-function)',
    'too many lines (71)',
  ],
  [
    `${server}/plans/long.test.ts`,
    `export function run(): void {\n${'  run();\n'.repeat(69)}}\n`,
    'architecture(test-function-lines)',
    '71 lines, at most 70',
  ],
  [
    `${server}/plans/default-export.ts`,
    'export default 1;\n',
    'import(no-default-export)',
    'named exports',
  ],
  [
    `${server}/plans/floating.ts`,
    'export function run(): void {\n  Promise.reject(new Error("lost"));\n}\n',
    'typescript(no-floating-promises)',
    'Promises must be awaited',
  ],
  [
    `${server}/plans/any.ts`,
    'export const run = (value: any): string => String(value);\n',
    'typescript(no-explicit-any)',
    'any',
  ],
  [
    `${server}/plans/non-null.ts`,
    'export const run = (value: string | undefined): string => value!;\n',
    'typescript(no-non-null-assertion)',
    'non-null',
  ],
  [
    `${server}/plans/camelCase.ts`,
    'export const run = 1;\n',
    'unicorn(filename-case)',
    'kebab-case',
  ],
  [
    `${server}/plans/value-import.ts`,
    "import { Plan } from './plans.ts';\nexport const run = (plan: Plan): Plan => plan;\n",
    'typescript(consistent-type-imports)',
    'only used as types',
  ],
  [
    `${server}/plans/skipped.test.ts`,
    "import { test } from 'vitest';\ntest.skip('a guarantee', () => undefined);\n",
    'vitest(no-disabled-tests)',
    '',
  ],
];

/** What the rules leave alone, as real code writes it. */
export const allowed: readonly (readonly [file: string, text: string])[] = [
  [
    `${server}/metering/downwards.ts`,
    "import { record } from '../audit/audit.ts';\n" +
      "import { AppError } from '../errors.ts';\n" +
      "import { enqueue } from '../notifications/outbox.ts';\n" +
      "import type { Plan } from '../plans/plans.ts';\n" +
      "import { findLimit } from './sql.ts';\n" +
      'export const run = (plan: Plan): unknown[] => [plan, record, AppError, enqueue, findLimit];\n',
  ],
  [
    `${server}/plans/across.test.ts`,
    "import { admit } from '../metering/metering.ts';\n" +
      "import { scenario } from '../test/scenario.ts';\nexport const run = [admit, scenario];\n",
  ],
  [
    `${server}/app.ts`,
    "import { routes } from './plans/routes.ts';\nexport const buildApp = routes;\n",
  ],
  [`${server}/config.ts`, 'export const home = process.env.HOME;\n'],
  ['scripts/reads-environment.mjs', 'export const home = process.env.HOME;\n'],
  [
    'packages/cli/src/with-sdk.ts',
    "import { readFileSync } from 'node:fs';\nimport { Mutate } from '@mutate/sdk';\n" +
      'export const run = [readFileSync, Mutate];\n',
  ],
  [
    `${server}/plans/describe.test.ts`,
    "import { describe, expect, test } from 'vitest';\n\ndescribe('plans', () => {\n" +
      "  test('hold', () => {\n    expect(1).toBe(1);\n  });\n\n".repeat(15) +
      '});\n',
  ],
];
