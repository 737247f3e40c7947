import type { MarkdownText } from '../markdown/read-markdown.ts';
import { escapeXml } from './xml-text.ts';

/** The parts of a DOCX besides its text: styles, lists, notes, relations. */

const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const packageSchemas = 'http://schemas.openxmlformats.org/package/2006';
export const relationTypes = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
/** Links, and boxes to tick. Word before 2010 passes over what it does not know of `w14`. */
const moreSchemas = `xmlns:r="${relationTypes}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"
xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="w14"`;
const wordType = 'application/vnd.openxmlformats-officedocument.wordprocessingml';

export const contentTypes = `${xml}<Types xmlns="${packageSchemas}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Default Extension="png" ContentType="image/png"/>
<Default Extension="jpeg" ContentType="image/jpeg"/>
<Override PartName="/word/document.xml" ContentType="${wordType}.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="${wordType}.styles+xml"/>
<Override PartName="/word/numbering.xml" ContentType="${wordType}.numbering+xml"/>
<Override PartName="/word/footnotes.xml" ContentType="${wordType}.footnotes+xml"/>
<Override PartName="/docProps/core.xml"
 ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`;

export const rootRelations = `${xml}<Relationships xmlns="${packageSchemas}/relationships">
<Relationship Id="document" Type="${relationTypes}/officeDocument" Target="word/document.xml"/>
<Relationship Id="core" Type="${packageSchemas}/relationships/metadata/core-properties"
 Target="docProps/core.xml"/></Relationships>`;

/** Dublin Core, as Word shows it under "Properties". */
export function coreProperties({ title, author, description, language }: MarkdownText['about']) {
  const values = { title, creator: author, description, language };
  const elements = Object.entries(values).map(([name, value]) =>
    value === undefined ? '' : `<dc:${name}>${escapeXml(value)}</dc:${name}>`,
  );
  return `${xml}<cp:coreProperties xmlns:cp="${packageSchemas}/metadata/core-properties"
 xmlns:dc="http://purl.org/dc/elements/1.1/">${elements.join('')}</cp:coreProperties>`;
}

/** A4 with margins of an inch. */
export const pageOfPaper = `<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1418"
 w:right="1418" w:bottom="1418" w:left="1418" w:header="709" w:footer="709" w:gutter="0"/></w:sectPr>`;

const font = (name: string) => `<w:rFonts w:ascii="${name}" w:hAnsi="${name}" w:cs="${name}"/>`;

function runStyle(id: string, name: string, run: string): string {
  return `<w:style w:type="character" w:styleId="${id}"><w:name w:val="${name}"/><w:rPr>${run}</w:rPr></w:style>`;
}

function style(id: string, name: string, paragraph: string, run: string): string {
  return `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/>
<w:basedOn w:val="Normal"/><w:pPr>${paragraph}</w:pPr><w:rPr>${run}</w:rPr></w:style>`;
}

/** Half points, for the levels 1 to 6. */
const headingSizes = [36, 30, 26, 24, 22, 22];

const headings = headingSizes.map((size, at) =>
  style(
    `Heading${at + 1}`,
    `heading ${at + 1}`,
    `<w:keepNext/><w:spacing w:before="280" w:after="80"/><w:outlineLvl w:val="${at}"/>`,
    `<w:b/><w:bCs/><w:sz w:val="${size}"/><w:szCs w:val="${size}"/>`,
  ),
);

const rule = '<w:bottom w:val="single" w:sz="6" w:space="1" w:color="BBBBBB"/>';

const codeParagraph = '<w:shd w:val="clear" w:color="auto" w:fill="F5F5F5"/>';
const codeRun = `${font('Liberation Mono')}<w:sz w:val="19"/>`;

/** Names as Word and pandoc have them: programs that read the document know what they mean. */
const ownStyles = [
  style('SourceCode', 'Source Code', codeParagraph, codeRun),
  style('Quote', 'Quote', '', '<w:color w:val="555555"/>'),
  style('Rule', 'Horizontal Rule', `<w:pBdr>${rule}</w:pBdr>`, ''),
  style('ListParagraph', 'List Paragraph', '', ''),
  style(
    'DefinitionTerm',
    'Definition Term',
    '<w:keepNext/><w:spacing w:after="0"/>',
    '<w:b/><w:bCs/>',
  ),
  style('Definition', 'Definition', '', ''),
  style(
    'FootnoteText',
    'footnote text',
    '<w:spacing w:after="40" w:line="240" w:lineRule="auto"/>',
    '<w:sz w:val="18"/>',
  ),
  runStyle('FootnoteReference', 'footnote reference', '<w:vertAlign w:val="superscript"/>'),
  runStyle(
    'VerbatimChar',
    'Verbatim Char',
    `${font('Liberation Mono')}<w:shd w:val="clear" w:color="auto" w:fill="F5F5F5"/>`,
  ),
  runStyle('Hyperlink', 'Hyperlink', '<w:color w:val="0563C1"/><w:u w:val="single"/>'),
].join('\n');

/** What stands below the first paragraph of an item, as Word names it; code has no name there. */
const belowItems = [1, 2, 3, 4, 5].flatMap((level) => [
  style(`ListContinue${level}`, `List Continue${level === 1 ? '' : ` ${level}`}`, '', ''),
  style(`ListCode${level}`, `List Code ${level}`, codeParagraph, codeRun),
]);

export function styles(language = 'en-US'): string {
  return `${xml}<w:styles ${word}><w:docDefaults><w:rPrDefault><w:rPr>
${font('Liberation Sans')}<w:sz w:val="22"/><w:szCs w:val="22"/><w:lang w:val="${language}"/></w:rPr>
</w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="140" w:line="276" w:lineRule="auto"/></w:pPr>
</w:pPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
${headings.join('')}
${ownStyles}
${belowItems.join('')}
</w:styles>`;
}

/** With Word's own separators first. */
export function footnotes(notes: readonly string[]): string {
  const line = (id: number, type: string) =>
    `<w:footnote w:type="${type}" w:id="${id}"><w:p><w:pPr><w:spacing w:after="0"/></w:pPr><w:r><w:${type}/></w:r></w:p></w:footnote>`;
  const own = notes.map((note, at) => `<w:footnote w:id="${at + 1}">${note}</w:footnote>`);
  return `${xml}<w:footnotes ${word} ${moreSchemas}>${line(-1, 'separator')}
${line(0, 'continuationSeparator')}${own.join('')}</w:footnotes>`;
}

/** A task's box stands in place of a mark. */
const kinds = [
  { format: 'bullet', textOf: () => '•', more: '' },
  { format: 'decimal', textOf: (level: number) => `%${level + 1}.`, more: '' },
  { format: 'bullet', textOf: () => '', more: '<w:suff w:val="nothing"/>' },
] as const;

const lists = kinds.map(({ format, textOf, more }, kind) => {
  const levels = Array.from({ length: 9 }, (_, level) => {
    return `<w:lvl w:ilvl="${level}"><w:start w:val="1"/><w:numFmt w:val="${format}"/>${more}
<w:lvlText w:val="${textOf(level)}"/><w:pPr><w:ind w:left="${(level + 1) * 425}" w:hanging="425"/></w:pPr></w:lvl>`;
  });
  return `<w:abstractNum w:abstractNumId="${kind}">${levels.join('')}</w:abstractNum>`;
});

export interface ListStart {
  /** The number that it begins with. */
  readonly start: number;
  /** From 0. */
  readonly level: number;
}

/** 1 is the bullets, 2 the tasks, then each ordered list. */
export function numbering(starts: readonly ListStart[]): string {
  const ordered = starts.map(
    ({ start, level }, at) => `<w:num w:numId="${at + 3}"><w:abstractNumId w:val="1"/>
<w:lvlOverride w:ilvl="${level}"><w:startOverride w:val="${start}"/></w:lvlOverride></w:num>`,
  );
  return `${xml}<w:numbering ${word}>${lists.join('')}
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>${ordered.join('')}</w:numbering>`;
}

/** @param names of parts, @param more as `<Relationship …/>` */
export function relations(names: readonly string[], more: readonly string[]): string {
  const own = names.map(
    (name) => `<Relationship Id="${name}" Type="${relationTypes}/${name}" Target="${name}.xml"/>`,
  );
  return `${xml}<Relationships xmlns="${packageSchemas}/relationships">${[...own, ...more].join('')}
</Relationships>`;
}
