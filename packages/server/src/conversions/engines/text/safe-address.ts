const schemes = new Set(['http', 'https', 'mailto', 'tel', 'ftp', 'sms', 'geo', 'xmpp', 'irc']);
const picture = /^data:image\/(?:png|gif|jpeg|webp);base64,/iu;

/**
 * Whether an address names a scheme, and one that can run no code. Browsers skip white space and
 * control characters before and within a scheme, so we do.
 */
export function hasSafeScheme(address: string): boolean {
  const scheme = schemeOf(address);
  return scheme !== undefined && schemes.has(scheme);
}

/** Whether a link may lead to an address: a relative one, or one whose scheme can run no code. */
export function isSafeLink(address: string): boolean {
  return schemeOf(address) === undefined || hasSafeScheme(address);
}

/** Whether a picture may be shown from an address; it may also stand in the address itself. */
export function isSafePicture(address: string): boolean {
  return isSafeLink(address) || picture.test(address);
}

function schemeOf(address: string): string | undefined {
  const seen = address.replaceAll(/[\p{Cc}\p{Z}]/gu, '');
  return /^([a-z][a-z\d+.-]*):/iu.exec(seen)?.[1]?.toLowerCase();
}
