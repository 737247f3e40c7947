import { expect, test } from 'vitest';
import { hasSafeScheme, isSafeLink, isSafePicture } from './safe-address.ts';

const withCode = [
  'javascript:alert(1)',
  ' JavaScript:alert(1)',
  'java\tscript:alert(1)',
  'j\u0000avascript:alert(1)',
  '\u00a0vbscript:x',
  'data:text/html;base64,PHNjcmlwdD4=',
  'data:image/svg+xml;base64,PHN2Zz4=',
  'file:///etc/passwd',
  'blob:https://example.com/1',
];

test.each(withCode)('%j is neither a link nor a picture', (address) => {
  expect([isSafeLink(address), isSafePicture(address), hasSafeScheme(address)]).toEqual([
    false,
    false,
    false,
  ]);
});

test.each(['https://example.com/a?b=c', 'MAILTO:ann@example.com', 'tel:+431', 'sms:+431'])(
  '%s is a link, with a scheme that runs nothing',
  (address) => {
    expect([isSafeLink(address), hasSafeScheme(address)]).toEqual([true, true]);
  },
);

test.each(['#part', '/page?at=10:30', 'page/a:b', ''])(
  '%j is a link within the page or its site',
  (address) => {
    expect([isSafeLink(address), hasSafeScheme(address)]).toEqual([true, false]);
  },
);

test('a picture may stand in the address itself, a link may not', () => {
  const address = 'data:image/png;base64,iVBORw0KGgo=';
  expect([isSafePicture(address), isSafeLink(address)]).toEqual([true, false]);
});
