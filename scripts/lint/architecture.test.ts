import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowed, violations } from './architecture-samples.ts';

const root = path.resolve(import.meta.dirname, '../..');

interface Finding {
  code: string;
  filename: string;
  message: string;
}

let folder: string;
let findings: Finding[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'mutate-lint-'));
  for (const name of ['.oxlintrc.json', 'tsconfig.json', 'tsconfig.base.json', 'scripts/lint']) {
    cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  for (const [file, text] of [...violations, ...allowed]) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  findings = await lint();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the repository's own lint configuration over the samples. */
function lint(): Promise<Finding[]> {
  const oxlint = path.join(root, 'node_modules/oxlint/bin/oxlint');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [oxlint, '--format=json', '.'],
      { cwd: folder, maxBuffer: 50_000_000 },
      (error, stdout) => {
        // Exit code 1 says that there are findings, which is what we came for.
        if (error === null || error.code === 1) resolve(JSON.parse(stdout).diagnostics);
        else reject(new Error(stdout, { cause: error }));
      },
    );
  });
}

const findingsIn = (file: string): Finding[] =>
  findings.filter((finding) => path.normalize(finding.filename) === path.normalize(file));

describe('a violation is an error with its reason', () => {
  test.each(violations)('%s', (file, _text, rule, words) => {
    expect(findingsIn(file)).toContainEqual(
      expect.objectContaining({
        code: rule,
        severity: 'error',
        message: expect.stringContaining(words),
      }),
    );
  });
});

describe('what is allowed stays without a finding', () => {
  test.each(allowed)('%s', (file) => {
    expect(findingsIn(file)).toEqual([]);
  });
});
