import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allRoutes } from '../resources/all.ts';
import { contract } from './contract.ts';
import { generateContract } from './generate.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');

// Where one of these fails: run `npm run stripe-contract` and look at the difference.
test('the contract is the one of the stripe package in the lock file', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  expect(contract.packageVersion).toBe(lock.packages['node_modules/stripe']?.version);
});

test('generating the contract again changes nothing', () => {
  const file = join(import.meta.dirname, 'generated', 'contract.json');
  expect(generateContract() === readFileSync(file, 'utf8')).toBe(true);
}, 120_000);

test('every call the simulator plays is one of Stripe’s', () => {
  const unknown = allRoutes.filter(({ operation }) => !(operation in contract.operations));
  expect(unknown).toEqual([]);
  const operations = allRoutes.map(({ operation }) => operation);
  expect(new Set(operations).size).toBe(operations.length);
});

test('every parameter that a call says it plays is in the contract', () => {
  const wrong = allRoutes.flatMap(({ operation, plays }) => {
    const params = contract.operations[operation]?.params ?? null;
    return plays
      .filter((name) => params === null || !isParameter(params, name.split('.')))
      .map((name) => `${operation} ${name}`);
  });
  expect(wrong).toEqual([]);
});

/** Whether the contract's parameters have this one, through references, lists and alternatives. */
function isParameter(schema: unknown, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  if (typeof schema !== 'object' || schema === null) return false;
  if ('ref' in schema) return isParameter(contract.types[String(schema.ref)], path);
  if ('array' in schema) return isParameter(schema.array, path);
  if ('any' in schema && Array.isArray(schema.any)) {
    return schema.any.some((choice) => isParameter(choice, path));
  }
  if (!('fields' in schema)) return false;
  const fields = schema.fields as Record<string, unknown>;
  return isParameter(fields[name] ?? fields[`${name}?`] ?? null, rest);
}
