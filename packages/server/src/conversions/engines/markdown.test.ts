import { describe, expect, test } from 'vitest';
import { processorTimeOf } from '../../test/processor-time.ts';
import { markdownEngine } from './markdown.ts';
import { runInMemory, runOnFile } from './text/run-both.ts';

async function html(input: string | Buffer, options: object = {}): Promise<string> {
  const outcome = await runInMemory(markdownEngine, Buffer.from(input as string), options);
  if ('code' in outcome) throw new Error(outcome.message);
  return outcome.text;
}

const fragment = (input: string, options: object = {}) =>
  html(input, { fragment: true, ...options });

describe('Markdown to HTML', () => {
  test('makes a complete page, titled by its first heading', async () => {
    const page = await html('text\n\n## A *b* `c` & <d>\n\n# Later\n');
    expect(page).toMatch(/^<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">/u);
    expect(page).toContain('<title>A b c &amp; &lt;d&gt;</title>');
    expect(page).toMatch(/<\/body>\n<\/html>\n$/u);
    expect(await html('text')).toContain('<title>Document</title>');
    expect(await html('# x', { title: '</title><script>' })).toContain(
      '<title>&lt;/title&gt;&lt;script&gt;</title>',
    );
  });

  test('knows CommonMark, tables and strikethrough', async () => {
    expect(await fragment('a **b** ~~c~~\n')).toBe('<p>a <strong>b</strong> <s>c</s></p>\n');
    expect(await fragment('|a|\n|-|\n|1|\n')).toContain('<td>1</td>');
    expect(await fragment('```js\n<a>\n```\n')).toBe(
      '<pre><code class="language-js">&lt;a&gt;\n</code></pre>\n',
    );
  });

  test('options change what they say and nothing else', async () => {
    expect(await fragment('a\nb')).toBe('<p>a\nb</p>\n');
    expect(await fragment('a\nb', { breaks: true })).toBe('<p>a<br>\nb</p>\n');
    expect(await fragment('see https://a.example')).not.toContain('<a');
    expect(await fragment('see https://a.example', { linkify: true })).toContain('<a href');
    expect(await fragment('"a" -- (c)', { typographer: true })).toBe('<p>“a” – ©</p>\n');
  });

  test('shows raw HTML as text', async () => {
    for (const raw of ['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '<!-- a -->']) {
      expect(await fragment(`${raw}\n\na ${raw} b`)).not.toMatch(/<(?!\/?p>)/u);
    }
  });

  test.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'javascript&colon;alert(1)',
    'vbscript:x',
    'java&#10;script:alert(1)',
    '&#1;javascript:alert(1)',
    'data:text/html;base64,PHNjcmlwdD4=',
    'data:image/svg+xml;base64,PHN2Zz4=',
    'file:///etc/passwd',
    'blob:https://a/b',
    'about:blank',
  ])('never links to %s', async (url) => {
    for (const text of [`[x](${url})`, `[x](<${url}>)`, `![x](${url})`, `[x]\n\n[x]: ${url}`]) {
      const out = await fragment(text, { linkify: true });
      expect(out).not.toMatch(/(?:href|src)="\s*(?:javascript|vbscript|data|file|blob|about):/iu);
    }
  });

  test('keeps safe links', async () => {
    for (const url of [
      'https://a/b?c=d:e',
      'mailto:a@b.c',
      'tel:+1',
      '/a:b',
      '#x',
      'a.png',
      '//h/',
    ]) {
      expect(await fragment(`[x](${url})`)).toBe(`<p><a href="${url}">x</a></p>\n`);
    }
    const picture = 'data:image/png;base64,iVBORw0KGgo=';
    expect(await fragment(`![x](${picture})`)).toContain(`src="${picture}"`);
  });

  test('NULs become U+FFFD; a byte order mark is left out; UTF-16 is read', async () => {
    expect(await fragment('\ufeffa\u0000b')).toBe('<p>a\ufffdb</p>\n');
    const wide = Buffer.from('\ufeff# é', 'utf16le');
    expect(await html(wide, { fragment: true })).toBe('<h1>é</h1>\n');
  });

  test('gives the same in memory and from a file', async () => {
    const input = Buffer.from('# T\r\n\r\n- a\r\n    - b\r\n\r\n[x]: y\n[x]\n');
    const fromFile = await runOnFile(markdownEngine, input);
    expect(await runInMemory(markdownEngine, input)).toEqual(fromFile);
  });
});

describe('a bad Markdown text', () => {
  test('is refused: empty, not UTF-8, over 10 MB', async () => {
    const code = async (input: Buffer) => {
      const outcome = await runOnFile(markdownEngine, input);
      return 'code' in outcome && outcome.code;
    };
    expect(await code(Buffer.alloc(0))).toBe('document_invalid');
    expect(await code(Buffer.from([0x61, 0xe9, 0x61]))).toBe('document_invalid');
    expect(await code(Buffer.alloc(10 * 1024 * 1024 + 1, 'a'))).toBe('document_too_complex');
  });

  test.each(['>', '[', '![', '*a **a ', '`', '- ', '| a ', '<!--', '&#', '[a](', '"'])(
    'repeated %j neither overflows the stack nor takes long',
    async (part) => {
      const text = part.repeat(32_000 / part.length);
      const options = { linkify: true, typographer: true };
      expect(await processorTimeOf(() => fragment(text, options))).toBeLessThan(4000);
    },
  );
});
