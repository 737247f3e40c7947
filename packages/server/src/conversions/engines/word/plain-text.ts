/** What follows a block: paragraphs stand apart, wherever they are. */
const blockEnds = /<\/(?:p|h[1-6]|li|td|th|pre|blockquote)>/gu;
const lineBreak = /<br ?\/?>/gu;
/** The way back from a note to its mark. */
const backLinks = / ?<a href="#(?:foot|end)note-ref-[^"]*">[^<]*<\/a>/gu;
const notes = /<li id="(?:foot|end)note-[^"]*">/gu;
const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&amp;': '&',
};

/** The text of the HTML that mammoth writes: a paragraph a block, notes with their numbers at the end. */
export function plainTextOf(html: string): string {
  let note = 0;
  return html
    .replaceAll(backLinks, '')
    .replaceAll(notes, () => `[${(note += 1)}] `)
    .replaceAll(lineBreak, '\n')
    .replaceAll(blockEnds, '\n\n')
    .replaceAll(/<[^>]*>/gu, '')
    .replaceAll(/&(?:lt|gt|quot|amp);/gu, (entity) => entities[entity] ?? entity)
    .replaceAll(/\n{3,}/gu, '\n\n')
    .trim();
}
