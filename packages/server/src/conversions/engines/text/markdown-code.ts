import type TurndownService from 'turndown';
import { asElement, nameOf, type Element } from './markdown-tables.ts';

const language = /(?:^|\s)(?:language|lang|highlight-source|highlight|sourceCode)[- ]([\w+#.-]+)/u;

/** Each `pre` is a block of code, whatever is in it; in a line of code there are no other marks. */
export function addCode(service: TurndownService, style: 'fenced' | 'indented'): void {
  service.addRule('block of code', {
    filter: (node) => nameOf(node) === 'PRE',
    replacement: (_content, node) => {
      const element = asElement(node);
      const text = textOf(element).replace(/^\n/u, '').replace(/\n+$/u, '');
      if (style === 'indented') {
        return `\n\n    ${text.replaceAll('\n', '\n    ')}\n\n`;
      }
      const longest = [...text.matchAll(/`{3,}/gu)].reduce(
        (most, [run]) => Math.max(most, run.length),
        2,
      );
      const fence = '`'.repeat(longest + 1);
      return `\n\n${fence}${languageOf(element)}\n${text}\n${fence}\n\n`;
    },
  });
  service.addRule('line of code', {
    filter: (node) => nameOf(node) === 'CODE' && !hasLink(asElement(node)),
    replacement: (_content, node) =>
      inlineCode(asElement(node).textContent.replaceAll(/\s*\n\s*/gu, ' ')),
  });
}

/** A fence longer than any within, and blanks where the text begins or ends with one. */
function inlineCode(text: string): string {
  if (text.trim() === '') return text;
  const longest = [...text.matchAll(/`+/gu)].reduce((most, [run]) => Math.max(most, run.length), 0);
  const fence = '`'.repeat(longest === 0 ? 1 : longest + 1);
  const blank = /^`|`$|^ .*[^ ].* $/u.test(text) ? ' ' : '';
  return `${fence}${blank}${text}${blank}${fence}`;
}

function hasLink(node: Element): boolean {
  return Array.from(node.childNodes).some((child) => nameOf(child) === 'A' || hasLink(child));
}

function languageOf(pre: Element): string {
  const around = [pre, ...Array.from(pre.childNodes), pre.parentNode];
  for (const element of around) {
    const [, name] = language.exec(element?.getAttribute?.('class') ?? '') ?? [];
    if (name !== undefined) return name;
  }
  return '';
}

/** Line breaks within code count. */
function textOf(node: Element): string {
  if (node.nodeType === 3) return node.textContent;
  if (nameOf(node) === 'BR') return '\n';
  return Array.from(node.childNodes, textOf).join('');
}
