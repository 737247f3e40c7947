import type { Page } from 'playwright-core';
import { asScript } from '../text/raised.ts';

/** The part of a node that we look at; the types of a browser are not at hand here. */
interface Node {
  readonly tagName: string;
  readonly type?: string;
  readonly checked?: boolean;
  readonly value?: string;
  readonly start?: number;
  readonly parentElement: Node | null;
  readonly firstElementChild: Node | null;
  readonly previousSibling: Node | null;
  readonly style: Record<string, string>;
  textContent: string;
  getAttribute(name: string): string | null;
  closest(selector: string): Node | null;
  prepend(node: Node): void;
  replaceWith(node: Node): void;
}

interface Browser {
  readonly document: {
    readonly body: { readonly innerText?: string } | null;
    readonly documentElement: { readonly textContent: string };
    querySelectorAll(selector: string): Iterable<Node>;
    createElement(name: string): Node;
  };
  readonly getComputedStyle: (node: Node) => {
    readonly display: string;
    readonly listStyleType: string;
  };
}

/**
 * The text of a page as it is shown: hidden parts left out, cells of a table with tabs between them,
 * items with their marks, boxes and fields as they are filled in.
 */
export async function readPageText(page: Page): Promise<Buffer> {
  await page.evaluate(writeFields);
  await page.evaluate(writeMarks);
  await raiseNumbers(page);
  const text = await page.evaluate(() => {
    const { document } = globalThis as unknown as Browser;
    return document.body?.innerText ?? document.documentElement.textContent;
  });
  return Buffer.from(`${text.trimEnd()}\n`);
}

function writeFields(): void {
  const { document } = globalThis as unknown as Browser;
  for (const field of document.querySelectorAll('input')) {
    const kind = field.type ?? '';
    let text = '';
    if (kind === 'checkbox') text = field.checked === true ? '☑' : '☐';
    else if (kind === 'radio') text = field.checked === true ? '◉' : '○';
    else if (['text', 'email', 'tel', 'url', 'number', 'date', 'search'].includes(kind)) {
      text = field.value ?? '';
    }
    if (text === '') continue;
    const written = document.createElement('span');
    written.textContent = text;
    field.replaceWith(written);
  }
}

/** The marks of lists are drawn, not written. */
function writeMarks(): void {
  const { document, getComputedStyle } = globalThis as unknown as Browser;
  const counts = new Map<Node, number>();
  for (const item of document.querySelectorAll('li')) {
    const list = item.parentElement;
    const { display, listStyleType } = getComputedStyle(item);
    if (list === null || display !== 'list-item' || listStyleType === 'none') continue;
    const own = Number.parseInt(item.getAttribute('value') ?? '', 10);
    const number = Number.isNaN(own) ? (counts.get(list) ?? list.start ?? 1) : own;
    counts.set(list, number + 1);
    let depth = 0;
    for (
      let up = list.parentElement?.closest('ul,ol');
      up;
      up = up.parentElement?.closest('ul,ol')
    ) {
      depth += 1;
    }
    const mark = document.createElement('span');
    mark.style['whiteSpace'] = 'pre';
    mark.textContent = `${'  '.repeat(depth)}${list.tagName === 'OL' ? `${number}.` : '-'} `;
    let block = item;
    for (let first = item.firstElementChild; first !== null; first = first.firstElementChild) {
      const isFirst = (first.previousSibling?.textContent ?? '').trim() === '';
      if (!isFirst || !['P', 'DIV', 'SECTION'].includes(first.tagName)) break;
      block = first;
    }
    block.prepend(mark);
  }
}

async function raiseNumbers(page: Page): Promise<void> {
  const texts = await page.evaluate(() => {
    const { document } = globalThis as unknown as Browser;
    return Array.from(document.querySelectorAll('sup,sub'), ({ textContent, tagName }) => ({
      text: textContent.trim(),
      isRaised: tagName === 'SUP',
    }));
  });
  const written = texts.map(({ text, isRaised }) => asScript(text, isRaised));
  await page.evaluate((all) => {
    const { document } = globalThis as unknown as Browser;
    for (const [at, node] of Array.from(document.querySelectorAll('sup,sub')).entries()) {
      const text = all[at] ?? '';
      if (text !== '' && text !== node.textContent) node.textContent = text;
    }
  }, written);
}
