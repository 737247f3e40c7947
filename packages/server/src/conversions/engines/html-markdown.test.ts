import { expect, test } from 'vitest';
import { htmlMarkdownEngine } from './html-markdown.ts';
import { runOnFile } from './text/run-both.ts';

async function markdown(html: string | Buffer, options: object = {}): Promise<string> {
  const outcome = await runOnFile(htmlMarkdownEngine, Buffer.from(html as string), options);
  return 'code' in outcome ? outcome.code : outcome.text;
}

test('headings, lists, links, code, tables and emphasis become Markdown', async () => {
  const html = `<!DOCTYPE html><title>no</title><style>p{}</style><h1>Größe</h1><p>a <b>b</b> <i>c</i>
    <s>d</s> <a href="https://x.example/">e</a></p><ul><li>one<li>two</ul><pre><code>x = 1</code></pre>
    <table><thead><tr><th>A<th>B</thead><tr><td>1|2<td>y<br>z</table>`;
  expect(await markdown(html)).toBe(
    '# Größe\n\na **b** *c* ~~d~~ [e](https://x.example/)\n\n-   one\n-   two\n\n' +
      '```\nx = 1\n```\n\n| A | B |\n| --- | --- |\n| 1\\|2 | y z |\n',
  );
});

test('a cell over several columns and a short first row lose nothing of the rows below', async () => {
  const spanned = '<table><tr><th colspan=2>Head<tr><td>a<td>b<tr><td>c</table>';
  expect(await markdown(spanned)).toBe('| Head |  |\n| --- | --- |\n| a | b |\n| c |\n');
  const short = '<table><tr><td>a<tr><td>b<td><table><tr><td>c<td>d</table><td>e</table>';
  expect(await markdown(short)).toMatch(
    /^\| a \| {2}\| {2}\|\n\| --- \| --- \| --- \|\n\| b \|.*\| e \|\n$/u,
  );
  const wild = `<table><tr><td>a<tr><td colspan=9999999>b<td colspan=-1>c<td colspan=x>d</table>`;
  expect((await markdown(wild)).length).toBeLessThan(20_000);
});

test('options change what they say', async () => {
  const html = '<h1>T</h1><p><a href="/a">l</a><img src="i.png" alt="p"></p>';
  expect(await markdown(html, { headings: 'setext' })).toContain('T\n=');
  expect(await markdown(html, { links: 'dropped', images: false })).toBe('# T\n\nl\n');
});

test('no script and no address that runs code is carried over', async () => {
  const html = `<script>alert(1)</script><a href=" java\nscript:alert(1)">x</a><iframe srcdoc=y></iframe>
    <a href="data:text/html,x">d</a><img src="javascript:x" alt="p"><img src="file:///etc/passwd">`;
  expect(await markdown(html)).not.toMatch(/script|data:|file:|alert/iu);
});

test('the encoding is what a browser would take it for', async () => {
  expect(await markdown(Buffer.from('<p>Größe', 'latin1'))).toBe('Größe\n');
  expect(await markdown(Buffer.from('\ufeff<p>Größe', 'utf16le'))).toBe('Größe\n');
  const cyrillic = Buffer.concat([Buffer.from('<meta charset=koi8-r><p>'), Buffer.from([0xed])]);
  expect(await markdown(cyrillic)).toBe('М\n');
});

test('is refused: empty, over 10 MB, nested too deep', async () => {
  expect(await markdown('')).toBe('document_invalid');
  expect(await markdown(Buffer.alloc(10 * 2 ** 20 + 1, 'a'))).toBe('document_too_complex');
  expect(await markdown(`${'<div>'.repeat(50_000)}x`)).toBe('document_too_complex');
  expect(await markdown('<p>x<br><ul><li>y</ul>'.repeat(600))).toContain('x');
});
