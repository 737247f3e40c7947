import type TurndownService from 'turndown';
import { asElement, nameOf, type Element } from './markdown-tables.ts';

/** Items with one blank after their mark, boxes of task lists, definition lists. */
export function addLists(service: TurndownService, bullet: string): void {
  const items = new Map<Element, number>();
  service.addRule('item', {
    filter: 'li',
    replacement: (content, node) => {
      const mark = markOf(asElement(node), items, bullet);
      const text = content
        .replace(/^\n+/u, '')
        .replace(/\n+$/u, '\n')
        // Drawn with a character, as pandoc and many a Word document have them.
        .replace(/^[☐☑☒✅✔]\ufe0f?\s+/u, (box) => (box.startsWith('☐') ? '[ ] ' : '[x] '))
        .replaceAll(/\n(?=[^\n])/gu, `\n${' '.repeat(mark.length)}`);
      return `${mark}${text}${asElement(node).nextSibling && !text.endsWith('\n') ? '\n' : ''}`;
    },
  });
  service.addRule('box', {
    filter: (node) =>
      nameOf(node) === 'INPUT' &&
      asElement(node).getAttribute('type')?.toLowerCase() === 'checkbox',
    replacement: (_content, node) => {
      const isChecked = asElement(node).getAttribute('checked') !== null;
      const blank = /^\s/u.test(asElement(node).nextSibling?.textContent ?? '') ? '' : ' ';
      if (beginsItem(asElement(node))) return `${isChecked ? '[x]' : '[ ]'}${blank}`;
      return `${isChecked ? '☑' : '☐'}${blank}`;
    },
  });
  service.addRule('term', {
    filter: (node) => nameOf(node) === 'DT',
    replacement: (content) => `\n\n${content.trim()}\n`,
  });
  service.addRule('definition', {
    filter: (node) => nameOf(node) === 'DD',
    replacement: (content) => `\n: ${content.trim().replaceAll(/\n(?=[^\n])/gu, '\n  ')}\n`,
  });
}

/** Each list counts its own: to look for an item's place would take the square of their number. */
function markOf(item: Element, items: Map<Element, number>, bullet: string): string {
  const list = item.parentNode;
  if (list === null || nameOf(list) !== 'OL') return `${bullet} `;
  const start = Number.parseInt(list.getAttribute('start') ?? '1', 10);
  const number = items.get(list) ?? (Number.isSafeInteger(start) && start >= 0 ? start : 1);
  items.set(list, number + 1);
  return `${number}. `;
}

/** Nothing but blanks stands before it in its item. */
function beginsItem(box: Element): boolean {
  let node = box;
  while (nameOf(node) !== 'LI') {
    const before = node.previousSibling;
    if (before !== null && (before.nodeType === 1 || before.textContent.trim() !== ''))
      return false;
    if (node.parentNode === null || before?.previousSibling) return false;
    node = node.parentNode;
  }
  return true;
}
