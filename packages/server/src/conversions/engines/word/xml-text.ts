/** For XML text and attributes. Control characters are not allowed in XML at all. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\t\n]|[\ufffe\uffff]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A text within a run. */
export function textOf(text: string): string {
  return `<w:t xml:space="preserve">${escapeXml(text)}</w:t>`;
}
