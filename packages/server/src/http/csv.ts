/** Media type of records whose first one names the columns (RFC 4180). */
export const csvType = 'text/csv; charset=utf-8; header=present';

/** Media type of JSON, one value a line. */
export const ndjsonType = 'application/x-ndjson; charset=utf-8';

/**
 * A record of RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in
 * front: some are typed by people.
 */
export function csvRecord(fields: readonly (string | number | null)[]): string {
  const texts = fields.map((field) => {
    const text = typeof field === 'string' ? defused(field) : String(field ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${texts.join(',')}\r\n`;
}

function defused(text: string): string {
  return text.replace(/^(?=[=+\-@\t\r])/, "'");
}
