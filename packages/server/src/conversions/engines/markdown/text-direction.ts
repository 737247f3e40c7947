import type { MarkdownIt } from 'markdown-it';
import { plainText } from './plain-text.ts';

const firstLetter = /\p{L}/u;
const rightToLeft =
  /[\p{sc=Hebrew}\p{sc=Arabic}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}\p{sc=Samaritan}\p{sc=Mandaic}\p{sc=Adlam}]/u;

/** Whether a text begins in a script that is written from right to left. */
function isRightToLeft(text: string): boolean {
  const [letter = ''] = firstLetter.exec(text) ?? [];
  return rightToLeft.test(letter);
}

/** Says `dir="rtl"` of each paragraph, heading, cell and list item whose first letter is written so. */
export function addTextDirection(markdown: MarkdownIt): void {
  markdown.core.ruler.push('text_direction', ({ tokens }) => {
    for (const [at, token] of tokens.entries()) {
      if (token.type !== 'inline' || !isRightToLeft(plainText(token.children ?? []))) continue;
      tokens[at - 1]?.attrSet('dir', 'rtl');
      // The mark of an item stands where its text begins.
      for (
        let up = at - 2;
        /^(?:list_item|bullet_list|ordered_list)_open$/u.test(tokens[up]?.type ?? '');
        up -= 1
      ) {
        tokens[up]?.attrSet('dir', 'rtl');
      }
    }
  });
}
