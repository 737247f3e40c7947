import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import { imageRunner } from './runner-engines.ts';
import { chunk, png, svg } from './test-files.ts';
import { draw, quarters } from './test-pixels.ts';

// Each refusal costs a child process.
vi.setConfig({ testTimeout: 90_000 });

let converter: Converter;

beforeAll(async () => {
  converter = await startConverter(imageRunner);
});

afterAll(async () => {
  await converter.close();
});

/** A TIFF of one uncompressed grey strip that claims to be of this size. */
function tiff(width: number, height: number, nextDirectory = 0): Buffer {
  const tags = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 4, height],
    [279, 4, 64],
  ] as const;
  const file = Buffer.alloc(72 + 2 + tags.length * 12 + 4);
  file.write('II*\0', 0, 'latin1');
  file.writeUInt32LE(72, 4);
  file.writeUInt16LE(tags.length, 72);
  tags.forEach(([tag, type, value], index) => {
    const at = 74 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(value, at + 8);
  });
  file.writeUInt32LE(nextDirectory, 74 + tags.length * 12);
  return file;
}

/** A GIF of 1 × 1 with many frames; 19 bytes each. */
function gif(frames: number, width = 1, height = 1): Buffer {
  const head = Buffer.from('GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1');
  head.writeUInt16LE(width, 6);
  head.writeUInt16LE(height, 8);
  const frame = Buffer.from('\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0', 'latin1');
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.from(';')]);
}

type From = 'png' | 'jpeg' | 'webp' | 'avif' | 'tiff' | 'gif' | 'svg';

async function codeOf(input: Buffer, from: From, timeoutMs?: number): Promise<string> {
  const limits = timeoutMs === undefined ? {} : { timeoutMs };
  const converted = converter.convert(input, {
    from,
    to: from === 'webp' ? 'png' : 'webp',
    ...limits,
  });
  return converted.then(
    () => 'converted',
    (error: { code: string }) => error.code,
  );
}

const formats = ['png', 'jpeg', 'webp', 'avif', 'tiff', 'gif'] as const;
const picture = draw(64, 48, quarters(64, 48));

describe('a damaged image is document_invalid', () => {
  test.each(formats)('%s: cut off, and something else', async (format) => {
    const whole = await picture.clone().toFormat(format).toBuffer();
    expect(await codeOf(whole.subarray(0, Math.floor(whole.length / 2)), format)).toBe(
      'document_invalid',
    );
    const drawing = svg('<rect width="9" height="9"/>');
    const other = format === 'gif' ? drawing : await picture.clone().gif().toBuffer();
    expect(await codeOf(other, format)).toBe('document_invalid');
  });

  test('png: empty, and text', async () => {
    for (const bad of [Buffer.alloc(0), Buffer.from('just text')]) {
      expect(await codeOf(bad, 'png')).toBe('document_invalid');
    }
  });

  test('svg: no drawing, cut off, no XML', async () => {
    const whole = svg('<rect width="9" height="9"/>');
    for (const bad of [
      Buffer.from('<html/>'),
      whole.subarray(0, whole.length - 9),
      Buffer.alloc(0),
    ]) {
      expect(await codeOf(bad, 'svg')).toBe('document_invalid');
    }
  });

  test('any mutation of a file is converted or has a clear code, and hurts nothing', async () => {
    const codes = new Set<string>();
    let state = 12_345;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    for (const format of formats) {
      const whole = await picture.clone().toFormat(format).toBuffer();
      for (let round = 0; round < 2; round++) {
        const mutant = Buffer.from(whole);
        for (let index = 0; index < 1 + (round % 6); index++) {
          mutant[random(mutant.length)] = random(256);
        }
        codes.add(await codeOf(mutant, format));
      }
    }
    const clear = ['converted', 'document_invalid', 'document_too_complex'];
    expect([...codes].filter((code) => !clear.includes(code))).toEqual([]);
  });
});

describe('a bomb is document_too_complex before it is decoded', () => {
  const bombs: [string, From, () => Buffer][] = [
    ['a PNG of 10,000 × 10,000', 'png', () => png(10_000, 10_000)],
    ['a TIFF that claims 4,000,000,000 pixels', 'tiff', () => tiff(65_000, 65_000)],
    ['a GIF with 100,000 frames', 'gif', () => gif(100_000)],
    ['a drawing of 30,000 × 30,000', 'svg', () => svg('', 'width="30000" height="30000"')],
    ['a drawing of a kilometre', 'svg', () => svg('', 'width="100000cm" height="100000cm"')],
  ];
  test.each(bombs)('%s', async (_, from, make) => {
    expect(await codeOf(make(), from, 20_000)).toBe('document_too_complex');
  });

  test('a JPEG and a result beyond the bound', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer();
    const frame = jpeg.indexOf(Buffer.from('ffc0', 'hex'));
    jpeg.writeUInt16BE(65_000, frame + 5);
    jpeg.writeUInt16BE(65_000, frame + 7);
    expect(await codeOf(jpeg, 'jpeg')).toBe('document_too_complex');
    const options = { width: 16_000 };
    const large = converter.convert(png(8, 8), { from: 'png', to: 'png', options });
    await expect(large).rejects.toMatchObject({ code: 'document_too_complex' });
    const long = converter.convert(png(20_000, 8), { from: 'png', to: 'webp' });
    await expect(long).rejects.toMatchObject({
      message: expect.stringContaining('16383') as string,
    });
  });

  test('compressed texts and profiles of 200 MB in a PNG are not unpacked', async () => {
    const zeros = deflateSync(Buffer.alloc(200 * 2 ** 20));
    const text = chunk('zTXt', Buffer.concat([Buffer.from('c\0\0'), zeros]));
    const profile = chunk('iCCP', Buffer.concat([Buffer.from('c\0\0'), zeros]));
    for (const more of [text, profile]) {
      expect(await codeOf(png(8, 8, more), 'png')).toBe('converted');
    }
    expect(converter.runner.stats().children[0]?.rssBytes).toBeLessThan(250 * 2 ** 20);
  });

  test('a TIFF whose pages form a ring ends', async () => {
    expect(await codeOf(tiff(8, 8, 72), 'tiff')).toMatch(/^(?:converted|document_invalid)$/u);
  });
});

test('after all of that no file of a job is left, and the next one is converted', async () => {
  expect(await codeOf(png(8, 8), 'png')).toBe('converted');
  await expect.poll(() => converter.filesLeft()).toEqual([]);
});
