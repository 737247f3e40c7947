/** What the headers of one part say. */
export interface PartHead {
  readonly name: string;
  /** As sent, with any path; null where the part names none. */
  readonly filename: string | null;
}

/** One `; name=value` or `; name="value"` of a Content-Disposition. */
const parameter = /;[ \t]*([\w!#$%&'*+.^`|~-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/g;

/** What nearly every client sends: first in the head, nothing escaped. */
const usual =
  /^Content-Disposition: form-data; name="([^"\\%]*)"(?:; filename="([^"\\%]*)")?(?:\r\n|$)/i;

/**
 * Reads a part's headers after RFC 7578: UTF-8, `filename*` (RFC 8187) understood though it forbids
 * that, since urllib3 sends it.
 *
 * @returns null where they are not those of a form's part
 */
export function parsePartHead(text: string): PartHead | null {
  const plain = usual.exec(text);
  if (plain !== null) return { name: plain[1] ?? '', filename: plain[2] ?? null };
  const value = disposition.exec(text)?.[1];
  if (value === undefined) return null;
  const parameters = readParameters(value);
  const name = parameters.get('name');
  return name === undefined ? null : { name, filename: filenameOf(parameters) };
}

/** The file name in a reply's Content-Disposition (RFC 6266), as sent; null where there is none. */
export function filenameOfDisposition(value: string): string | null {
  return filenameOf(readParameters(value));
}

function readParameters(value: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, bare] of value.matchAll(parameter)) {
    parameters.set(
      name.toLowerCase(),
      quoted === undefined ? (bare ?? '').trim() : unquote(quoted),
    );
  }
  return parameters;
}

function filenameOf(parameters: ReadonlyMap<string, string>): string | null {
  const extended = decodeExtended(parameters.get('filename*') ?? '');
  return extended ?? parameters.get('filename') ?? null;
}

const disposition =
  /(?:^|\r\n)content-disposition[ \t]*:[ \t]*(form-data[ \t]*(?:;[^\r\n]*)?)(?:\r\n|$)/i;

/**
 * Browsers and curl write `"` as `%22` (WHATWG HTML, multipart encoding), older programs as `\"`.
 * Any other backslash stays: some send `C:\report.xlsx` as it is.
 */
function unquote(text: string): string {
  if (!/[\\%]/.test(text)) return text;
  return text
    .replaceAll(/\\(["\\])/g, '$1')
    .replaceAll(/%(22|0D|0A)/gi, (_, code: string) =>
      String.fromCodePoint(Number.parseInt(code, 16)),
    );
}

function decodeExtended(text: string): string | null {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(text)?.[1];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

const filenameBytesMax = 255;

/** A name to show and to suggest, never a path to open: base name only, nothing that is not seen. */
export function displayFilename(sent: string | null): string {
  const base = (sent ?? '').replace(/^.*[/\\]/s, '');
  // Control characters, line separators, and what turns the direction of reading around.
  const visible = base.replaceAll(
    /[\p{Cc}\p{Cs}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu,
    '',
  );
  const name = visible.trim();
  if (name === '' || /^\.+$/.test(name)) return 'file';
  if (Buffer.byteLength(name) <= filenameBytesMax) return name;
  const extension = /\.[\w-]{1,16}$/.exec(name)?.[0] ?? '';
  const stem = Buffer.from(name)
    .subarray(0, filenameBytesMax - extension.length)
    .toString();
  return `${stem.replace(/\ufffd+$/, '')}${extension}`;
}
