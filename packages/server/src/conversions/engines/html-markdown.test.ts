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
    '# Größe\n\na **b** *c* ~~d~~ [e](https://x.example/)\n\n- one\n- two\n\n' +
      '```\nx = 1\n```\n\n| A | B |\n| --- | --- |\n| 1\\|2 | y<br>z |\n',
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

test.each([
  [
    'markdown-it',
    `<p>a<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup></p><hr class="footnotes-sep">
<section class="footnotes"><ol><li id="fn1"><p>Note <a href="#fnref1" class="footnote-backref">↩︎</a></p>
<p>more</p></li></ol></section>`,
  ],
  [
    'GitHub',
    `<p>a<sup><a href="#user-content-fn-1" id="user-content-fnref-1" data-footnote-ref="">1</a></sup></p>
<section data-footnotes="" class="footnotes"><h2 class="sr-only">Footnotes</h2><ol>
<li id="user-content-fn-1"><p>Note <a href="#user-content-fnref-1">↩</a></p><p>more</p></li></ol></section>`,
  ],
  [
    'pandoc',
    `<p>a<a href="#fn1" class="footnote-ref" id="fnref1"><sup>1</sup></a></p><aside class="footnotes"><hr>
<ol><li id="fn1"><p>Note <a href="#fnref1">↩︎</a></p><p>more</p></li></ol></aside>`,
  ],
])('footnotes as %s writes them stay footnotes', async (_, html) => {
  expect(await markdown(html)).toBe('a[^1]\n\n[^1]: Note\n\n    more\n');
});

test('links within a page that are no notes stay links', async () => {
  const contents = '<p><a href="#p" id="c">1</a></p><p id="p">text</p>';
  expect(await markdown(contents)).toBe('[1](#p)\n\ntext\n');
  expect(await markdown('<ol><li id="x"><a href="#x">a</a></ol>')).toBe('1. [a](#x)\n');
});

test('boxes, numbers, aligned columns and definitions keep what they say', async () => {
  const list =
    '<ul><li><input type="checkbox" checked disabled> a<li><p><input type=checkbox>b<li>☑ c</ul>';
  expect(await markdown(list)).toBe('- [x] a\n- [ ] b\n- [x] c\n');
  expect(await markdown('<ol start=9><li>a<li>b<ul><li>c</ul></ol>')).toBe(
    '9. a\n10. b\n    - c\n',
  );
  const table = `<table><caption>T</caption><tr><th align=right>a<th style="text-align: center">b
<tr><td>1<td>2</table>`;
  expect(await markdown(table)).toBe('T\n\n| a | b |\n| ---: | :---: |\n| 1 | 2 |\n');
  expect(await markdown('<dl><dt>T<dd>one<dd>two</dl>')).toBe('T\n: one\n: two\n');
  expect(await markdown('x<sup>-2</sup> H<sub>2</sub>O 1<sup>st</sup>')).toBe('x⁻² H₂O 1st\n');
});

test('code keeps its lines and its language, and has no other marks', async () => {
  expect(await markdown('<pre>a<br>  b\n*c*</pre>')).toBe('```\na\n  b\n*c*\n```\n');
  expect(await markdown('<pre><code class="language-ts">```</code></pre>')).toBe(
    '````ts\n```\n````\n',
  );
  expect(await markdown('<code><b>a</b>`b</code> <code><a href="/x">c</a></code>')).toMatch(
    /^``a`b`` .*\[.*c.*\]\(\/x\)/u,
  );
});

test('text that looks like markup is escaped, words and addresses are not', async () => {
  const text =
    '<p>&lt;script&gt;x&lt;/script&gt; &amp;lt; ~~a~~ snake_case https://a.b/c_d [^1] a < b</p>';
  expect(await markdown(text)).toBe(
    '\\<script>x\\</script> \\&lt; \\~\\~a\\~\\~ snake_case https://a.b/c_d \\[^1\\] a < b\n',
  );
  expect(await markdown('<a href="https://a.b/c_d">https://a.b/c_d</a>')).toBe(
    '<https://a.b/c_d>\n',
  );
  expect(await markdown('<a href="mailto:a@b.de">a@b.de</a>')).toBe('<a@b.de>\n');
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
