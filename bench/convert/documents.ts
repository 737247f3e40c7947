import { readFile, writeFile } from 'node:fs/promises';
import {
  makeDocx,
  paragraph,
} from '../../packages/server/src/conversions/engines/office/make-docx.ts';

const sentence = 'The quick brown fox jumps over the lazy dog, and the dog lets it be. ';

export async function makeMarkdown(path: string, sections: number): Promise<number> {
  const section = (index: number) =>
    `## Section ${index}\n\n${sentence}**bold** and [a link](https://example.com/${index}).\n\n` +
    `- one\n- two\n\n| a | b |\n|---|---|\n| ${index} | \`code\` |\n\n`;
  await writeFile(path, Array.from({ length: sections }, (_, index) => section(index)).join(''));
  return sections;
}

export async function checkMarkdown(path: string, sections: number): Promise<string> {
  const html = await readFile(path, 'utf8');
  const counts = [/<h2/gu, /<table>/gu, /<strong>bold<\/strong>/gu, /<a href/gu].map(
    (pattern) => html.match(pattern)?.length ?? 0,
  );
  return counts.every((count) => count === sections) ? 'yes' : `${counts.join(', ')} elements`;
}

export async function makeDocument(path: string, paragraphs: number): Promise<number> {
  const body = Array.from({ length: paragraphs }, (_, index) =>
    paragraph(`Paragraph ${index}. ${sentence.repeat(4)}`),
  );
  await writeFile(path, await makeDocx(body.join('')));
  return paragraphs;
}

export async function checkHtml(path: string, paragraphs: number): Promise<string> {
  const html = await readFile(path, 'utf8');
  const found = html.match(/Paragraph \d+\./gu)?.length ?? 0;
  return found === paragraphs ? 'yes' : `${found} of ${paragraphs} paragraphs`;
}

/** Complete, and with the pages that such a text takes at least. */
export async function checkPdf(path: string, paragraphs: number): Promise<string> {
  const pdf = await readFile(path, 'latin1');
  if (!pdf.startsWith('%PDF-') || !pdf.slice(-1024).includes('%%EOF')) return 'it is no whole PDF';
  const pages = pdf.match(/\/Type\s*\/Page[^s]/gu)?.length ?? 0;
  return pages >= Math.floor(paragraphs / 20) ? 'yes' : `${pages} pages`;
}
