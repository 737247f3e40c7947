import { setTimeout as sleep } from 'node:timers/promises';
import { PDFDocument } from 'pdf-lib';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pdfiumEngine } from '../pdf/pdfium-engine.ts';
import { descendantsOf, readProcessTable, startTimeOf } from '../../runner/process-group.ts';
import { openChildBench, type ChildBench, type ConvertRequest } from '../text/run-in-child.ts';
import { runOnFile } from '../text/run-both.ts';
import { openCanary, prying } from './canary.ts';
import { chromiumEngine } from './engine.ts';
import { chromium } from './runner-engine.ts';

let bench: ChildBench;
beforeAll(async () => {
  bench = await openChildBench(chromium);
});
afterAll(() => bench.close());

const html = (input: string, options: object = {}, to: ConvertRequest['to'] = 'pdf') =>
  ({ from: 'html', to, input, options }) as const;

async function pagesOf(request: ConvertRequest): Promise<readonly (readonly number[])[]> {
  const { bytes } = await bench.convert(request);
  const pdf = await PDFDocument.load(bytes);
  return pdf.getPages().map((page) => [Math.round(page.getWidth()), Math.round(page.getHeight())]);
}

async function textOf(request: ConvertRequest): Promise<string> {
  const { bytes } = await bench.convert(request);
  const outcome = await runOnFile(pdfiumEngine, bytes, {}, { type: 'PDF_TO_TXT' });
  return 'text' in outcome ? outcome.text : outcome.code;
}

const a4 = [596, 842];
const threePages =
  '<h1>One</h1><h1 style="break-before:page">Two</h1><h1 style="break-before:page">Three';

describe('HTML to PDF', () => {
  test('the paper is what the caller says, else what the page says, else A4', async () => {
    expect(await pagesOf(html('x'))).toEqual([a4]);
    expect(await pagesOf(html('<style>@page { size: A5 }</style>x'))).toEqual([[420, 595]]);
    expect(await pagesOf(html('<style>@page { size: A5 }</style>x', { paper: 'letter' }))).toEqual([
      [612, 792],
    ]);
    expect(await pagesOf(html('x', { orientation: 'landscape' }))).toEqual([[842, 596]]);
    expect(await pagesOf(html('x', { width: '10cm', height: '5in' }))).toEqual([[284, 360]]);
  });

  test('prints the pages asked for, with header and footer', async () => {
    const options = {
      pages: '2-3',
      header: '<b><span class="title"></span></b>',
      footer: 'Page <span class="pageNumber"></span> of <span class="totalPages"></span>',
    };
    const text = await textOf(html(`<title>Report</title>${threePages}`, options));
    expect(text).toMatch(/^Two\nReport\nPage 2 of 3\n\fThree\nReport\nPage 3 of 3\n$/u);
    expect(text).not.toContain('One');
  });

  test('pages that are not there and margins without room are invalid_request', async () => {
    expect(await bench.codeOf(html(threePages, { pages: '4-5' }))).toBe('invalid_request');
    expect(await bench.codeOf(html('x', { margin: '200mm' }))).toBe('invalid_request');
  });

  test('umlauts, Greek and Cyrillic come through in every encoding', async () => {
    const text = 'Größe Ελλάς Москва';
    expect(await textOf(html(`<p>${text}`))).toContain(text);
    const wide = Buffer.from(`\ufeff<p>${text}`, 'utf16le');
    expect(await textOf({ from: 'html', to: 'pdf', input: wide })).toContain(text);
    const said = Buffer.from('<meta charset=iso-8859-1><p>Größe', 'latin1');
    expect(await textOf({ from: 'html', to: 'pdf', input: said })).toContain('Größe');
  });

  test('scripts run only where asked for, and then may take their time', async () => {
    const script = '<p id=a>static</p><script>a.textContent = "at once"</script>';
    expect(await textOf(html(script))).toContain('static');
    expect(await textOf(html(script, { javascript: true }))).toContain('at once');
    const late =
      '<p id=a>static</p><script>setTimeout(() => (a.textContent = "late"), 200)</script>';
    expect(await textOf(html(late, { javascript: true, wait_for: 600 }))).toContain('late');
  });

  test('a script is named in a warning where no font here draws it, and only there', async () => {
    const look = async (text: string) => {
      const input = html(`<p style="font: 24px sans-serif">${text}`, { width: 100 }, 'png');
      return bench.convert(input);
    };
    const none = [await look('\u0378'), await look('')];
    for (const text of ['a', '\u{1f680}', '\u1780', '\ud55c']) {
      const { bytes, warnings } = await look(text);
      const isDrawn = none.every((one) => !one.bytes.equals(bytes));
      expect([text, ...warnings.map(({ code }) => code)]).toEqual(
        isDrawn ? [text] : [text, 'fonts_missing'],
      );
    }
  });
});

describe('images and text', () => {
  test('a picture of the whole page, or of the window', async () => {
    const tall = '<body style="margin:0;background:#fff"><div style="height:1500px">x</div>';
    const shot = async (options: object, to: 'png' | 'jpeg' = 'png') =>
      sharp((await bench.convert(html(tall, options, to))).bytes).metadata();
    expect(await shot({ width: 400 })).toMatchObject({ format: 'png', width: 400, height: 1500 });
    expect(await shot({ width: 400, height: 300, full_page: false }, 'jpeg')).toMatchObject({
      format: 'jpeg',
      width: 400,
      height: 300,
    });
    const twice = { width: 400, height: 300, full_page: false, device_scale_factor: 2 };
    expect(await shot(twice)).toMatchObject({ width: 800, height: 600 });
  });

  test('the white behind a page is left out where asked for', async () => {
    const corner = async (options: object) => {
      const { bytes } = await bench.convert(html('x', { height: 100, ...options }, 'png'));
      const pixels = await sharp(bytes).ensureAlpha().raw().toBuffer();
      return pixels.subarray(-1)[0];
    };
    expect(await corner({ transparent: true })).toBe(0);
    expect(await corner({})).toBe(255);
  });

  test('text is what is shown', async () => {
    const page =
      '<title>t</title><p>one<p hidden>two</p><table><tr><td>a<td>b</table><style>p{}</style>';
    const { bytes } = await bench.convert(html(page, {}, 'txt'));
    expect(bytes.toString()).toBe('one\n\na\tb\n');
  });

  test('text has marks of lists, boxes, fields and raised numbers', async () => {
    const page = `<ol start=3><li>a<ul><li><p>b</p></ul><li>c</ol><ul style="list-style:none"><li>d</ul>
<p>x<sup>2</sup> 1<sup>st</sup> <input type=checkbox checked> <input value="filled in"> <input type=password value=no>`;
    const { bytes } = await bench.convert(html(page, {}, 'txt'));
    expect(bytes.toString()).toMatch(/^3\. a\n+ {2}- b\n+4\. c\nd\n\nx² 1st ☑ filled in *\n$/u);
  });

  test('Markdown is set for paper, and never brings in HTML of its own', async () => {
    const input = '# Title\n\n<script>x</script>\n\n| a |\n|---|\n| 1 |\n';
    const text = await textOf({ from: 'md', to: 'pdf', input });
    expect(text).toMatch(/Title\n<script>x<\/script>\na\n1/u);
    const { bytes } = await bench.convert({ from: 'md', to: 'png', input });
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 1280 });
  });
});

describe('a bad page', () => {
  test('is refused: empty, too large, too high', async () => {
    const code = async (input: Buffer) => {
      const outcome = await runOnFile(chromiumEngine, input);
      return 'code' in outcome && outcome.code;
    };
    expect(await code(Buffer.alloc(0))).toBe('document_invalid');
    expect(await code(Buffer.alloc(20 * 2 ** 20 + 1, 'a'))).toBe('document_too_complex');
    const high = '<div style="height:30000000px;width:90000px">x</div>';
    expect(await bench.codeOf(html(high))).toBe('document_too_complex');
    expect(await bench.codeOf(html(high, {}, 'png'))).toBe('document_too_complex');
  });

  test.each([
    ['at once', 'for (;;);'],
    ['later', 'setTimeout(() => { for (;;); }, 300)'],
  ])(
    'a script without end (%s) is conversion_timeout and leaves nothing',
    async (_when, script) => {
      await bench.convert(html('warm'));
      const [child] = bench.runner.stats().children;
      const options = { javascript: true, wait_for: 500 };
      const request = { ...html(`<script>${script}</script>`, options), timeoutMs: 4000 };
      const ended = bench.codeOf(request);
      await sleep(2000);
      const members = descendantsOf(child?.pid ?? -1, readProcessTable());
      expect(members.length).toBeGreaterThan(4);
      expect(await ended).toBe('conversion_timeout');
      await expect.poll(() => members.filter((pid) => startTimeOf(pid) !== null)).toEqual([]);
      expect(await bench.leftovers()).toEqual([]);
    },
  );

  test.each([
    [
      'a canvas beyond all bounds',
      'c.width = c.height = 1e6; c.getContext("2d").fillRect(0,0,9,9)',
    ],
    ['windows', 'for (let i = 0; i < 10; i++) open("about:blank")'],
    ['dialogs', 'alert(1); confirm(2); prompt(3); onbeforeunload = () => "stay"; print()'],
    [
      'a download',
      'const a = document.createElement("a"); a.href = "data:,x"; a.download = "x"; a.click()',
    ],
    ['a reload', 'if (!location.hash) { location.hash = "#1"; location.reload() }'],
    ['a page of its own', 'location.href = "data:text/html,other"; history.pushState(1, "", "/x")'],
  ])('a script that makes %s changes nothing', async (_name, script) => {
    const page = `<canvas id=c></canvas><p>kept</p><script>${script}</script>`;
    expect(await textOf(html(page, { javascript: true }))).toContain('kept');
  });

  test('memory without end is refused or withheld, and the next page is converted', async () => {
    const hungry = 'const all = []; for (let i = 0; i < 3e5; i++) all.push(new Array(1e4).fill(i))';
    const request = html(`<script>${hungry}</script>`, { javascript: true });
    const code = await bench.codeOf({ ...request, timeoutMs: 20_000 });
    expect(['document_too_complex', 'conversion_timeout']).toContain(code);
    expect(await textOf(html('<p>next'))).toContain('next');
  });

  test('no page reaches loopback or a file of the host', async () => {
    const canary = await openCanary();
    try {
      const options = { javascript: true, wait_for: 1000 };
      const text = await textOf(html(prying(canary.port), options));
      expect(text).toContain('text');
      expect(text).not.toMatch(/root:/u);
      expect(canary.visits()).toBe(0);
    } finally {
      await canary.close();
    }
  });
});

test.each([
  ['<script>alert(1)</script>'],
  ['<img src="http://127.0.0.1/">'],
  ['<span onclick="x">a</span>'],
  ['<span style="background:url(http://a)">a</span>'],
  ['<div style="width: expression(1)">a</div>'],
  ['<span class="a" class="b">a</span><iframe>'],
  ['<svg/onload=alert(1)>'],
  ['<b'],
])('a header template of anything but plain text elements is refused: %s', (header) => {
  const [pair] = chromium.engine.pairs;
  expect(pair?.options.safeParse({ header }).success).toBe(false);
  expect(pair?.options.safeParse({ header: '<b style="color:#c00">a</b> &lt;' }).success).toBe(
    true,
  );
});
