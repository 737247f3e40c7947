import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import { imageRunner } from './runner-engines.ts';
import { hasText } from './svg.ts';
import { svg } from './test-files.ts';

const run = promisify(execFile);

let converter: Converter;
beforeAll(async () => {
  converter = await startConverter(imageRunner);
});
afterAll(() => converter.close());

test('text that is drawn is no matter, and text that is not is told of', async () => {
  const write = (text: string) =>
    converter.convert(svg(`<text x="2" y="30" font-size="30">${text}</text>`), {
      from: 'svg',
      to: 'png',
    });
  const [first, second] = [await write('Ax'), await write('Ox')];
  // On a machine without fonts letters are all alike.
  const isDrawn = !first.bytes.equals(second.bytes);
  expect(first.warnings.map(({ code }) => code)).toEqual(isDrawn ? [] : ['fonts_missing']);
});

test('without a font the job has a warning, unless there is nothing to read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-fonts-'));
  const config = join(folder, 'fonts.conf');
  await writeFile(config, `<fontconfig><cachedir>${folder}</cachedir></fontconfig>`);
  const module = new URL('svg-text.ts', import.meta.url).href;
  const program = `import { warnOfMissingText } from '${module}';
    console.log(JSON.stringify([await warnOfMissingText(true), await warnOfMissingText(false)]));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH: process.env['PATH'], FONTCONFIG_FILE: config },
  });
  expect(JSON.parse(stdout)).toMatchObject([[{ code: 'fonts_missing' }], []]);
  await rm(folder, { recursive: true });
});

test.each([
  ['<text>a</text>', true],
  ['<text><tspan x="1">a</tspan></text>', true],
  ['<svg:text>a</svg:text>', true],
  ['<text> \n </text>', false],
  ['<rect/><title>a</title>', false],
  [`<text ${' '.repeat(500_000)}`, false],
])('whether a drawing has text: %.40s', (body, expected) => {
  expect(hasText(svg(body))).toBe(expected);
});
