export type DateUnit = 'y' | 'm' | 'd' | 'h' | 's' | 'e' | 'b' | 'g' | 'minute';

/** One piece of a number format section (ECMA-376, 18.8.31). */
export type FormatToken =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'digit'; readonly char: '0' | '#' | '?' }
  | { readonly kind: 'point' | 'comma' | 'percent' | 'slash' | 'general' | 'text' }
  | { readonly kind: 'exponent'; readonly alwaysSigned: boolean }
  | { readonly kind: 'date'; readonly unit: DateUnit; readonly length: number }
  | { readonly kind: 'elapsed'; readonly unit: 'h' | 'm' | 's'; readonly length: number }
  | { readonly kind: 'meridiem'; readonly am: string; readonly pm: string }
  | { readonly kind: 'subsecond'; readonly digits: number };

export interface Condition {
  readonly operator: '<' | '<=' | '>' | '>=' | '=' | '<>';
  readonly operand: number;
}

export interface FormatSection {
  readonly tokens: readonly FormatToken[];
  readonly condition: Condition | undefined;
  readonly isDate: boolean;
  readonly isText: boolean;
  /** Windows language id of `[$-407]`; 0 where none is named. */
  readonly language: number;
}

interface Draft {
  tokens: FormatToken[];
  condition: Condition | undefined;
  language: number;
}

const piece = new RegExp(
  [
    String.raw`"(?<quoted>[^"]*)"?`,
    String.raw`\\(?<escaped>[^])`,
    String.raw`_(?<blank>[^]?)`,
    String.raw`\*(?<fill>[^]?)`,
    String.raw`\[(?<bracket>[^\]]*)\]?`,
    '(?<general>general)',
    '(?<meridiem>am/pm|a/p|上午/下午)',
    'e(?<exponent>[+-])',
    '(?<date>y+|m+|d+|h+|s+|e+|b+|g+)',
    String.raw`(?<number>[0#?.,%/@])`,
    '(?<other>[^])',
  ].join('|'),
  'giuy',
);
const elapsed = /^(?:h+|m+|s+)$/i;
const comparison = /^(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d*)?(?:e[+-]?\d+)?)$/i;
const currency = /^\$([^-]*)(?:-([0-9a-f]+))?/i;

/** Cuts a format code into its sections, at most four. */
export function parseFormat(code: string): readonly FormatSection[] {
  const drafts: Draft[] = [emptyDraft()];
  for (const match of code.matchAll(piece)) {
    const draft = drafts.at(-1) ?? emptyDraft();
    if (match[0] === ';') drafts.push(emptyDraft());
    else addPiece(draft, match.groups ?? {});
  }
  return drafts.slice(0, 4).map(finish);
}

function emptyDraft(): Draft {
  return { tokens: [], condition: undefined, language: 0 };
}

function addPiece(draft: Draft, found: Record<string, string | undefined>): void {
  const { tokens } = draft;
  const literal = found['quoted'] ?? found['escaped'] ?? found['other'];
  if (literal !== undefined) tokens.push({ kind: 'literal', text: literal });
  else if (found['blank'] !== undefined) tokens.push({ kind: 'literal', text: ' ' });
  else if (found['bracket'] !== undefined) addBracket(draft, found['bracket']);
  else if (found['general'] !== undefined) tokens.push({ kind: 'general' });
  else if (found['meridiem'] !== undefined) tokens.push(meridiemOf(found['meridiem']));
  else if (found['exponent'] !== undefined) {
    tokens.push({ kind: 'exponent', alwaysSigned: found['exponent'] === '+' });
  } else if (found['date'] !== undefined) {
    const unit = found['date'].charAt(0).toLowerCase() as DateUnit;
    tokens.push({ kind: 'date', unit, length: found['date'].length });
  } else if (found['number'] !== undefined) tokens.push(numberToken(found['number']));
  // What is left, `*x`, fills the column's width: a text has none.
}

function numberToken(char: string): FormatToken {
  switch (char) {
    case '.':
      return { kind: 'point' };
    case ',':
      return { kind: 'comma' };
    case '%':
      return { kind: 'percent' };
    case '/':
      return { kind: 'slash' };
    case '@':
      return { kind: 'text' };
    default:
      return { kind: 'digit', char: char as '0' | '#' | '?' };
  }
}

function meridiemOf(text: string): FormatToken {
  const [am = 'AM', pm = 'PM'] = text.split('/');
  const short = am.length === 1;
  return { kind: 'meridiem', am: short ? am : am.toUpperCase(), pm: short ? pm : pm.toUpperCase() };
}

/** Colours and `[DBNum1]` change nothing in a text. */
function addBracket(draft: Draft, content: string): void {
  if (elapsed.test(content)) {
    const unit = content.charAt(0).toLowerCase() as 'h' | 'm' | 's';
    draft.tokens.push({ kind: 'elapsed', unit, length: content.length });
    return;
  }
  const compared = comparison.exec(content);
  if (compared !== null) {
    const operator = compared[1] as Condition['operator'];
    draft.condition = { operator, operand: Number(compared[2]) };
    return;
  }
  const money = currency.exec(content);
  if (money === null) return;
  if (money[1] !== undefined && money[1] !== '') {
    draft.tokens.push({ kind: 'literal', text: money[1] });
  }
  draft.language = Number.parseInt(money[2] ?? '0', 16);
}

function finish(draft: Draft): FormatSection {
  const isDate = draft.tokens.some(
    ({ kind }) => kind === 'date' || kind === 'elapsed' || kind === 'meridiem',
  );
  return {
    tokens: isDate ? dateTokens(draft.tokens) : draft.tokens,
    condition: draft.condition,
    isDate,
    isText: draft.tokens.some(({ kind }) => kind === 'text'),
    language: draft.language,
  };
}

/** Settles what only a date gives a meaning: minutes or months, parts of a second, literals. */
function dateTokens(tokens: readonly FormatToken[]): FormatToken[] {
  const settled: FormatToken[] = [];
  let previous: string | undefined;
  tokens.forEach((token, index) => {
    if (token.kind === 'date' && token.unit === 'm' && token.length <= 2) {
      const minute = previous === 'h' || nextUnit(tokens, index + 1) === 's';
      settled.push(minute ? { ...token, unit: 'minute' } : token);
    } else settled.push(token);
    if (token.kind === 'date' || token.kind === 'elapsed') previous = token.unit;
  });
  return joinSubseconds(settled);
}

function nextUnit(tokens: readonly FormatToken[], from: number): string | undefined {
  for (let index = from; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.kind === 'date' || token?.kind === 'elapsed') return token.unit;
  }
  return undefined;
}

function joinSubseconds(tokens: readonly FormatToken[]): FormatToken[] {
  const joined: FormatToken[] = [];
  for (const token of tokens) {
    const last = joined.at(-1);
    if (token.kind === 'digit' && token.char === '0' && last?.kind === 'subsecond') {
      joined[joined.length - 1] = { kind: 'subsecond', digits: last.digits + 1 };
    } else if (token.kind === 'point' && isSeconds(last)) {
      joined.push({ kind: 'subsecond', digits: 0 });
    } else joined.push(token);
  }
  return joined.map((token) => literalInDate(token));
}

function isSeconds(token: FormatToken | undefined): boolean {
  return (token?.kind === 'date' || token?.kind === 'elapsed') && token.unit === 's';
}

const literalsInDate: Partial<Record<FormatToken['kind'], string>> = {
  point: '.',
  comma: ',',
  slash: '/',
  percent: '%',
};

function literalInDate(token: FormatToken): FormatToken {
  if (token.kind === 'digit') return { kind: 'literal', text: token.char === '0' ? '0' : '' };
  const text = literalsInDate[token.kind];
  return text === undefined ? token : { kind: 'literal', text };
}
