import type { Token } from 'markdown-it';

/** The text of inline tokens, their marks aside. */
export function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === 'softbreak' || token.type === 'hardbreak') return ' ';
      return token.type === 'text' || token.type === 'code_inline' || token.type === 'image'
        ? token.content
        : '';
    })
    .join('');
}
