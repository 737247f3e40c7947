import { describe, expect, test } from 'vitest';
import { processorTimeOf } from '../../../test/processor-time.ts';
import { markdownEngine } from './engine.ts';
import { runInMemory, runOnFile } from '../text/run-both.ts';

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
    expect(await fragment('see https://a.example')).toContain('<a href');
    expect(await fragment('see https://a.example', { linkify: false })).not.toContain('<a');
    expect(await fragment('"a" -- (c)', { typographer: true })).toBe('<p>“a” – ©</p>\n');
  });

  test('front matter is not shown; its title is the page\u2019s, after the one asked for', async () => {
    const text =
      '---\ntitle: "Größe & <b>"\nauthor: [Ada, Grete]\nlang: de\ntags: [x]\n---\n# Heading\n';
    const page = await html(text);
    expect(page).toContain('<html lang="de">');
    expect(page).toContain(
      '<title>Größe &amp; &lt;b&gt;</title>\n<meta name="author" content="Ada, Grete">',
    );
    expect(page).not.toContain('tags');
    expect(await html(text, { title: 'Mine' })).toContain('<title>Mine</title>');
    expect(await fragment('---\r\n---\r\na')).toBe('<p>a</p>\n');
    expect(await fragment('---\na: 1\n...\n\nb\n')).toBe('<p>b</p>\n');
  });

  test.each([
    [
      'a rule and a heading',
      '---\n\nHello there\n---\n',
      '<hr>\n<h2 id="hello-there">Hello there</h2>\n',
    ],
    ['what never ends', '---\na: 1\n', '<hr>\n<p>a: 1</p>\n'],
    ['what stands later', 'x\n\n---\na: 1\n\n---\n', '<p>x</p>\n<hr>\n<p>a: 1</p>\n<hr>\n'],
  ])('%s is no front matter', async (_, text, shown) => {
    expect(await fragment(text)).toBe(shown);
  });

  test('footnotes stand at the end, numbered as they are referred to, with links both ways', async () => {
    const text = 'a[^x] b[^y] c[^x] d[^none]\n\n[^y]: Second\n\n    more\n[^x]: *First*\n';
    const out = await fragment(text);
    expect(out).toContain('<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup>');
    expect(out.match(/>\[\d\]</gu)).toEqual(['>[1]<', '>[2]<', '>[1]<']);
    expect(out).toContain('d[^none]');
    expect(out).toMatch(
      /<li id="fn1"[^>]*><p><em>First<\/em> <a href="#fnref1" .*<a href="#fnref1:1"/u,
    );
    expect(out).toMatch(/<li id="fn2"[^>]*><p>Second<\/p>\n<p>more <a href="#fnref2"/u);
  });

  test('a footnote that nothing refers to is told of', async () => {
    const outcome = await runOnFile(
      markdownEngine,
      Buffer.from('a[^x]\n\n[^x]: b\n\n[^left]: c\n'),
    );
    expect(outcome).toMatchObject({ warnings: ['footnotes_unused'] });
  });

  test('task lists become boxes, in lists of every kind', async () => {
    const out = await fragment('- [ ] a *b*\n- [x] c\n  1. [X] d\n- [x]e\n- f [ ] g\n- [x](u)\n');
    expect(out.match(/<input [^>]*>/gu)).toEqual([
      '<input type="checkbox" class="task-list-item-checkbox" disabled="">',
      '<input type="checkbox" class="task-list-item-checkbox" checked="" disabled="">',
      '<input type="checkbox" class="task-list-item-checkbox" checked="" disabled="">',
    ]);
    expect(out).toContain('disabled=""> a <em>b</em></li>');
    expect(out).toContain('<li>[x]e</li>');
    expect(out).toContain('<a href="u">x</a>');
  });

  test('headings are named as on GitHub, each once, and links lead there', async () => {
    const out = await fragment('# A *b* & c!\n# A b  c\n# Größe_1\n# fn1\n# !\n[x](#a-b--c)\n');
    expect(out.match(/<h1[^>]*>/gu)).toEqual([
      '<h1 id="a-b--c">',
      '<h1 id="a-b--c-1">',
      '<h1 id="größe_1">',
      '<h1 id="fn1-">',
      '<h1>',
    ]);
    expect(out).toContain('<a href="#a-b--c">x</a>');
  });

  test('bare addresses become links, names of files do not', async () => {
    expect(await fragment('https://a.b/c_d_e, www.x.org/y. a@b.de README.md node.js')).toBe(
      '<p><a href="https://a.b/c_d_e">https://a.b/c_d_e</a>, <a href="http://www.x.org/y">www.x.org/y</a>. ' +
        '<a href="mailto:a@b.de">a@b.de</a> README.md node.js</p>\n',
    );
  });

  test('columns are aligned, and <br> is the one tag that is obeyed', async () => {
    const out = await fragment('|a|b|\n|:-:|-:|\n|x<br>y<BR/>z|<b>|\n');
    expect(out).toContain('<td style="text-align:center">x<br>\ny<br>\nz</td>');
    expect(out).toContain('<td style="text-align:right">&lt;b&gt;</td>');
    expect(await fragment('`<br>` <br onclick=x> <bra>')).not.toContain('<br');
  });

  test('terms have definitions', async () => {
    expect(await fragment('Term\n: One\n: Two\n')).toBe(
      '<dl>\n<dt>Term</dt>\n<dd>One</dd>\n<dd>Two</dd>\n</dl>\n',
    );
  });

  test('what begins in Hebrew or Arabic runs from right to left', async () => {
    const out = await fragment('# שלום\n\n- مرحبا a\n\n**a** שלום\n');
    expect(out).toContain('<h1 id="שלום" dir="rtl">');
    expect(out).toContain('<ul dir="rtl">\n<li dir="rtl">');
    expect(out).toContain('<p><strong>a</strong>');
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
    expect(await html(wide, { fragment: true })).toBe('<h1 id="é">é</h1>\n');
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

  test.each([
    '>',
    '[',
    '![',
    '*a **a ',
    '`',
    '- ',
    '| a ',
    '<!--',
    '&#',
    '[a](',
    '"',
    '[^',
    '[^a]',
    '[^1]: x[^1]\n\n',
    '^[',
    '- [ ] ',
    'x\n: ',
    '<br',
    '# a\n',
    'www.',
    'a@b.c ',
  ])('repeated %j neither overflows the stack nor takes long', async (part) => {
    const text = part.repeat(32_000 / part.length);
    const options = { typographer: true };
    expect(await processorTimeOf(() => fragment(text, options))).toBeLessThan(4000);
  });

  test.each(['[', 'a: ', '- ', '{a: ', '? ', '{}', '[]', '"'])(
    'front matter of repeated %j stays text and does not take long',
    async (part) => {
      const text = `---\n${part.repeat(8_000 / part.length)}\n---\n`;
      expect(await processorTimeOf(() => fragment(text))).toBeLessThan(4000);
    },
  );

  test('many footnotes take time in line with their number', async () => {
    const one = (at: number) => `a[^${at}]\n\n[^${at}]: b\n\n`;
    const text = Array.from({ length: 10_000 }, (_, at) => one(at)).join('');
    const outcome = runOnFile(markdownEngine, Buffer.from(text));
    expect(await outcome).toMatchObject({ warnings: [] });
  });
});
