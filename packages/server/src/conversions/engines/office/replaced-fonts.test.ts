import { expect, test } from 'vitest';
import { processorTimeOf } from '../../../test/processor-time.ts';
import { warnOfReplacedFonts } from './replaced-fonts.ts';

const pdf = Buffer.from('/BaseFont/BAAAAA+LiberationSerif-Bold');

test.each([
  [
    'rtf',
    'rtf',
    String.raw`{\rtf1\deff1{\fonttbl{\f0\froman Arial;}{\f1\fswiss\fcharset0 Papyrus;}}x}`,
  ],
  [
    'odt',
    'content.xml',
    '<style:font-face style:name="F1" svg:font-family="&apos;Papyrus&apos;" style:x="y"/>' +
      '<style:text-properties style:font-name="F1"/>',
  ],
  ['docx', 'word/document.xml', '<w:r><w:rFonts w:hint="x" w:ascii="Papyrus"/></w:r>'],
  ['xlsx', 'xl/styles.xml', '<fonts><font><sz val="11"/><name val="Papyrus"/></font></fonts>'],
] as const)(
  'the font that %s asks for is named where another took its place',
  (format, part, text) => {
    const [warning] = warnOfReplacedFonts(format, new Map([[part, text]]), pdf);
    expect(warning).toEqual({
      code: 'fonts_replaced',
      detail: 'Not available here: Papyrus. Used instead: LiberationSerif.',
    });
  },
);

test.each([
  ['odt', 'content.xml', '<style:font-face '],
  ['odt', 'content.xml', '<style:font-face style:name="a" '],
  ['docx', 'word/styles.xml', '<w:docDefaults>'],
  ['docx', 'word/document.xml', '<w:rFonts '],
  ['xlsx', 'xl/styles.xml', '<font>'],
  ['rtf', 'rtf', String.raw`{\fonttbl\f0 `],
] as const)('a hostile %s is looked through in one pass (%s: %s…)', async (format, part, piece) => {
  const text = piece.repeat(200_000);
  const tookMs = await processorTimeOf(() => {
    expect(warnOfReplacedFonts(format, new Map([[part, text]]), pdf)).toEqual([]);
  });
  // Looked at again from each beginning, this would take hours.
  expect(tookMs).toBeLessThan(20_000);
});
