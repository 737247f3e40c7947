import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startConverter, type Converter } from '../test-convert.ts';
import { imageRunner } from './runner-engines.ts';
import { checkSvg } from './svg.ts';
import { png, svg } from './test-files.ts';
import { distance, draw, pixelsOf, red } from './test-pixels.ts';

// Each refusal costs a child process.
vi.setConfig({ testTimeout: 90_000 });

let converter: Converter;
let canary: Server;
let secrets: string;
let requests = 0;

beforeAll(async () => {
  converter = await startConverter(imageRunner);
  secrets = await mkdtemp(join(tmpdir(), 'mutate-secrets-'));
  await chmod(secrets, 0o755);
  const secret = await draw(40, 40, () => red)
    .png()
    .toBuffer();
  await writeFile(join(secrets, 'secret.png'), secret, { mode: 0o644 });
  canary = createServer((_, response) => {
    requests += 1;
    response.end(secret);
  }).listen(0, '127.0.0.1');
  await once(canary, 'listening');
});

afterAll(async () => {
  canary.close();
  await converter.close();
  await rm(secrets, { recursive: true });
});

async function codeOf(input: Buffer, timeoutMs?: number): Promise<string> {
  const limits = timeoutMs === undefined ? {} : { timeoutMs };
  return converter.convert(input, { from: 'svg', to: 'png', ...limits }).then(
    () => 'converted',
    (error: { code: string }) => error.code,
  );
}

describe('a drawing', () => {
  const outside = () => {
    const { port } = canary.address() as AddressInfo;
    const places = [
      `http://127.0.0.1:${port}/a.png`,
      `file://${secrets}/secret.png`,
      `${secrets}/secret.png`,
      'secret.png',
    ];
    return places.flatMap((place) => [
      `<image xlink:href="${place}" width="40" height="40"/>`,
      `<image href="${place}" width="40" height="40"/>`,
      `<rect width="40" height="40" style="fill:url(${place})"/>`,
      `<style>@import url(${place}); rect { fill: url("${place}") }</style>`,
      `<filter id="f"><feImage href="${place}"/></filter><rect width="40" height="40" fill="none" filter="url(#f)"/>`,
      `<use href="${place}#x"/>`,
      `<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="${place}"/>`,
    ]);
  };

  test('that refers to files and addresses is drawn without them, and says so', async () => {
    for (const body of outside()) {
      const { bytes, warnings } = await converter.convert(svg(body), {
        from: 'svg',
        to: 'png',
        options: { background: 'white' },
      });
      const { at } = await pixelsOf(bytes);
      expect(distance(at(20, 20), red)).toBeGreaterThan(60);
      expect(warnings.map(({ code }) => code)).toEqual(['references_dropped']);
    }
    expect(requests).toBe(0);
  });

  test('with entities that nest or name a file is refused; plain ones work', async () => {
    const laughs = Array.from(
      { length: 9 },
      (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`,
    ).join('');
    const doctype = (entities: string, text: string) =>
      Buffer.from(`<!DOCTYPE svg [${entities}]>${svg(`<text y="20">${text}</text>`).toString()}`);
    const refused = [
      doctype(`<!ENTITY l0 "lol">${laughs}`, '&l9;'),
      doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', '&x;'),
      doctype(`<!ENTITY % x SYSTEM "file://${secrets}/x.dtd"> %x;`, ''),
      doctype(`<!ENTITY x "${'a'.repeat(10_000)}">`, '&x;'.repeat(10_000)),
    ];
    for (const bytes of refused) expect(await codeOf(bytes)).toBe('document_too_complex');
    expect(await codeOf(doctype('<!ENTITY ns "http://ns.adobe.com/x/">', '&ns;'))).toBe(
      'converted',
    );
  });

  test('with white space without end is looked through in one pass', () => {
    const blank = ' '.repeat(1_000_000);
    const local = svg(`<rect width="9" height="9" style="fill:url(${blank}#a)"/>`);
    expect(checkSvg(local)).toEqual([]);
    const elsewhere = svg(`<rect width="9" height="9" style="fill:url(${blank}'x.png')"/>`);
    expect(checkSvg(elsewhere)).toHaveLength(1);
  });

  test('that would take for ever or all memory ends with a code', async () => {
    const copies = Array.from(
      { length: 30 },
      (_, index) => `<g id="g${index + 1}">${`<use href="#g${index}"/>`.repeat(10)}</g>`,
    ).join('');
    const inner = png(10_000, 10_000).toString('base64');
    const noise =
      '<filter id="f" width="100%" height="100%"><feTurbulence baseFrequency="0.9" numOctaves="1000"/>' +
      `</filter>${'<rect width="6000" height="6000" filter="url(#f)"/>'.repeat(50)}`;
    const drawings = [
      svg(`<defs><rect id="g0" width="9" height="9"/>${copies}</defs><use href="#g30"/>`),
      svg(`<image width="9" height="9" href="data:image/png;base64,${inner}"/>`),
      svg(`${'<g>'.repeat(200_000)}${'</g>'.repeat(200_000)}`),
      svg(noise, 'width="6000" height="6000"'),
    ];
    for (const bytes of drawings) {
      const code = await codeOf(bytes, 3000);
      expect(code).toMatch(
        /^(?:converted|document_invalid|document_too_complex|conversion_timeout)$/u,
      );
    }
  });
});
