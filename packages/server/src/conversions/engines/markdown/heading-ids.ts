import type { MarkdownIt } from 'markdown-it';
import { plainText } from './plain-text.ts';

const idCharsMax = 200;

/** Names each heading by its text, as GitHub does, so that `[see](#the-part)` leads there. */
export function addHeadingIds(markdown: MarkdownIt): void {
  markdown.core.ruler.push('heading_ids', ({ tokens }) => {
    const used = new Map<string, number>();
    for (const [at, token] of tokens.entries()) {
      if (token.type !== 'heading_open') continue;
      const id = unused(slugOf(plainText(tokens[at + 1]?.children ?? [])), used);
      if (id !== '') token.attrSet('id', id);
    }
  });
}

/** Letters, digits, `_` and `-` of a text, with hyphens for blanks. */
function slugOf(text: string): string {
  const slug = text
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
    .slice(0, idCharsMax);
  // Those are the names of footnotes.
  return /^fn(?:ref)?\d+$/u.test(slug) ? `${slug}-` : slug;
}

function unused(slug: string, used: Map<string, number>): string {
  const before = used.get(slug);
  if (slug === '' || before === undefined) {
    used.set(slug, 0);
    return slug;
  }
  let count = before + 1;
  while (used.has(`${slug}-${count}`)) count += 1;
  used.set(slug, count);
  used.set(`${slug}-${count}`, 0);
  return `${slug}-${count}`;
}
