/** Windows language ids (MS-LCID) whose month and day names formats ask for most. */
const languages: Readonly<Record<number, string>> = {
  0x401: 'ar',
  0x402: 'bg',
  0x403: 'ca',
  0x404: 'zh-TW',
  0x405: 'cs',
  0x406: 'da',
  0x407: 'de',
  0x408: 'el',
  0x40a: 'es',
  0x40b: 'fi',
  0x40c: 'fr',
  0x40d: 'he',
  0x40e: 'hu',
  0x410: 'it',
  0x411: 'ja',
  0x412: 'ko',
  0x413: 'nl',
  0x414: 'nb',
  0x415: 'pl',
  0x416: 'pt-BR',
  0x418: 'ro',
  0x419: 'ru',
  0x41a: 'hr',
  0x41b: 'sk',
  0x41d: 'sv',
  0x41f: 'tr',
  0x422: 'uk',
  0x424: 'sl',
  0x804: 'zh-CN',
  0x807: 'de-CH',
  0x80a: 'es-MX',
  0x80c: 'fr-BE',
  0x810: 'it-CH',
  0x813: 'nl-BE',
  0x816: 'pt-PT',
  0xc07: 'de-AT',
  0xc0a: 'es',
  0xc0c: 'fr-CA',
  0x100c: 'fr-CH',
};

type NameKind = 'month' | 'weekday';

const cache = new Map<string, readonly string[]>();

/**
 * The name of a month (0 is January) or of a weekday (0 is Sunday).
 *
 * @param length letters in the format code: 3 short, 4 long, 5 the first letter (months only).
 * @param language Windows language id; English when 0 or unknown.
 */
export function nameOf(kind: NameKind, length: number, index: number, language: number): string {
  const short = length === 3;
  const name = namesOf(kind, short, languages[language & 0xffff] ?? 'en-US')[index] ?? '';
  return kind === 'month' && length === 5 ? name.slice(0, 1) : name;
}

function namesOf(kind: NameKind, short: boolean, language: string): readonly string[] {
  const key = `${kind} ${short} ${language}`;
  let names = cache.get(key);
  if (names === undefined) {
    const style = short ? 'short' : 'long';
    const format = new Intl.DateTimeFormat(language, { [kind]: style, timeZone: 'UTC' });
    const count = kind === 'month' ? 12 : 7;
    // 2023 began on a Sunday.
    names = Array.from({ length: count }, (_, index) => {
      const day = kind === 'month' ? Date.UTC(2023, index, 1) : Date.UTC(2023, 0, index + 1);
      return format.format(day);
    });
    cache.set(key, names);
  }
  return names;
}
