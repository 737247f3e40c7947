import { expect, test } from 'vitest';

import { XmlTokenizer } from './xml-tokenizer.ts';

/** All tokens of a document as text, fed in pieces of so many bytes. */
function tokensOf(xml: string | Buffer, pieceBytes: number): string[] {
  const tokens: string[] = [];
  const tokenizer = new XmlTokenizer({
    open(bytes, start, end, attributes) {
      const names = ['a', 'b', 'r'].map((name) => attributes.get(bytes, name) ?? '-');
      tokens.push(`<${bytes.toString('utf8', start, end)} ${names.join()}>`);
    },
    close: (bytes, start, end) => void tokens.push(`</${bytes.toString('utf8', start, end)}>`),
    text(bytes, start, end, plain) {
      if (end > start)
        tokens.push(`${plain ? 'plain' : 'coded'}:${bytes.toString('utf8', start, end)}`);
    },
  });
  const bytes = Buffer.from(xml);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    tokenizer.write(bytes.subarray(at, at + pieceBytes));
  }
  tokenizer.end();
  return tokens;
}

const document =
  '\ufeff<?xml version="1.0"?><!-- <no> --><x:root xmlns:x="u" a = \'1\' x:r="&lt;é>">' +
  '<b/><x:c  b="2"\n/>text &amp; more<![CDATA[<raw> ]] ]]>é</x:root >\n';

test('prefixes, quotes, blanks, comments and CDATA are read as XML says', () => {
  expect(tokensOf(document, 1_000_000)).toEqual([
    'plain:\ufeff',
    '<root 1,-,<é>>',
    '<b -,-,->',
    '</b>',
    '<c -,2,->',
    '</c>',
    'coded:text &amp; more',
    'plain:<raw> ]] ',
    'plain:é',
    '</root>',
  ]);
});

test('the tokens do not depend on where the pieces of the document end', () => {
  const whole = tokensOf(document, 1_000_000);
  for (let size = 1; size < 60; size += 1) {
    expect([size, tokensOf(document, size)]).toEqual([size, whole]);
  }
});

test('nor do they where a piece is larger than what is copied to join two', () => {
  const long = `<t r="${'é'.repeat(900)}">${'&amp;'.repeat(700)}</t>${'<b/>'.repeat(60)}<!---->`;
  const xml = `<root>${(long + 'x'.repeat(1300)).repeat(3)}</root>`;
  const whole = tokensOf(xml, 1_000_000);
  for (let size = 1021; size < 1029; size += 1) {
    expect([size, tokensOf(xml, size)]).toEqual([size, whole]);
  }
  for (let size = 1300; size < 4200; size += 193) {
    expect([size, tokensOf(xml, size)]).toEqual([size, whole]);
  }
});

test('what is cut off, unbalanced or has a DTD is refused', () => {
  const damaged = [
    '',
    '<a>',
    '<a',
    '<a></a></b>',
    '<a b></a>',
    '<a b=c/>',
    '<a/ >',
    '<!DOCTYPE a><a/>',
  ];
  for (const xml of damaged) {
    expect(() => tokensOf(xml, 3)).toThrow(expect.objectContaining({ code: 'document_invalid' }));
  }
});
