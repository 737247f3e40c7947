/** The parts of a DOCX besides its text: styles, lists, relations. */

const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const word = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const packageSchemas = 'http://schemas.openxmlformats.org/package/2006';
export const relationTypes = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const wordType = 'application/vnd.openxmlformats-officedocument.wordprocessingml';

export const contentTypes = `${xml}<Types xmlns="${packageSchemas}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Default Extension="png" ContentType="image/png"/>
<Default Extension="jpeg" ContentType="image/jpeg"/>
<Override PartName="/word/document.xml" ContentType="${wordType}.document.main+xml"/>
<Override PartName="/word/styles.xml" ContentType="${wordType}.styles+xml"/>
<Override PartName="/word/numbering.xml" ContentType="${wordType}.numbering+xml"/></Types>`;

const font = (name: string) => `<w:rFonts w:ascii="${name}" w:hAnsi="${name}" w:cs="${name}"/>`;

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
    `<w:b/><w:sz w:val="${size}"/>`,
  ),
);

const rule = '<w:bottom w:val="single" w:sz="6" w:space="1" w:color="BBBBBB"/>';

export const styles = `${xml}<w:styles ${word}><w:docDefaults><w:rPrDefault><w:rPr>
${font('Liberation Sans')}<w:sz w:val="22"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>
<w:spacing w:after="140" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
${headings.join('')}
${style('Code', 'Code', '<w:shd w:val="clear" w:fill="F5F5F5"/>', `${font('Liberation Mono')}<w:sz w:val="19"/>`)}
${style('Quote', 'Quote', '<w:ind w:left="567"/>', '<w:color w:val="555555"/>')}
${style('Rule', 'Rule', `<w:pBdr>${rule}</w:pBdr>`, '')}
</w:styles>`;

const levels = (kind: 'bullet' | 'decimal') =>
  Array.from({ length: 9 }, (_, level) => {
    const text = kind === 'bullet' ? '•' : `%${level + 1}.`;
    return `<w:lvl w:ilvl="${level}"><w:start w:val="1"/><w:numFmt w:val="${kind}"/>
<w:lvlText w:val="${text}"/><w:pPr><w:ind w:left="${(level + 1) * 425}" w:hanging="425"/></w:pPr></w:lvl>`;
  }).join('');

/** @param starts for each ordered list, in the order of the text, the number it begins with */
export function numbering(starts: readonly number[]): string {
  const ordered = starts.map(
    (start, at) => `<w:num w:numId="${at + 2}"><w:abstractNumId w:val="1"/>
<w:lvlOverride w:ilvl="0"><w:startOverride w:val="${start}"/></w:lvlOverride></w:num>`,
  );
  return `${xml}<w:numbering ${word}><w:abstractNum w:abstractNumId="0">${levels('bullet')}
</w:abstractNum><w:abstractNum w:abstractNumId="1">${levels('decimal')}</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>${ordered.join('')}</w:numbering>`;
}

/** @param more as `<Relationship …/>` */
export function relations(more: readonly string[]): string {
  const own = ['styles', 'numbering'].map(
    (name) => `<Relationship Id="${name}" Type="${relationTypes}/${name}" Target="${name}.xml"/>`,
  );
  return `${xml}<Relationships xmlns="${packageSchemas}/relationships">${[...own, ...more].join('')}
</Relationships>`;
}
