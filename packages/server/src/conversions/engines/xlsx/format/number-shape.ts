import type { FormatToken } from './tokens.ts';

export type DigitChar = '0' | '#' | '?';

/** One place of the output: a fixed text or a digit. */
export type Place = string | { readonly char: DigitChar };

/** A section taken apart at its point and its exponent. */
export interface NumberShape {
  readonly integer: readonly Place[];
  readonly fraction: readonly Place[];
  readonly exponent: readonly Place[];
  readonly hasPoint: boolean;
  readonly hasExponent: boolean;
  readonly exponentAlwaysSigned: boolean;
  readonly grouped: boolean;
  /** Power of ten that percent signs and trailing commas apply. */
  readonly scale: number;
  readonly fractionPlaces: number;
  readonly integerPlaces: number;
  readonly hasDigits: boolean;
}

/** Sorts the tokens of a section that shows plain digits. */
export function shapeOf(tokens: readonly FormatToken[]): NumberShape {
  const parts: Record<'integer' | 'fraction' | 'exponent', Place[]> = {
    integer: [],
    fraction: [],
    exponent: [],
  };
  let part: keyof typeof parts = 'integer';
  let [percents, thousands, grouped, alwaysSigned] = [0, 0, false, false];
  tokens.forEach((token, index) => {
    if (token.kind === 'digit') parts[part].push({ char: token.char });
    else if (token.kind === 'literal') parts[part].push(token.text);
    else if (token.kind === 'slash') parts[part].push('/');
    else if (token.kind === 'percent') {
      percents += 1;
      parts[part].push('%');
    } else if (token.kind === 'point') {
      if (part === 'integer') part = 'fraction';
      else parts[part].push('.');
    } else if (token.kind === 'exponent') {
      part = 'exponent';
      alwaysSigned = token.alwaysSigned;
    } else if (token.kind === 'comma') {
      const place = commaPlace(tokens, index);
      if (place === 'group') grouped = true;
      else if (place === 'scale') thousands += 1;
      else parts[part].push(',');
    }
  });
  return {
    ...parts,
    hasPoint: tokens.some(({ kind }) => kind === 'point'),
    hasExponent: tokens.some(({ kind }) => kind === 'exponent'),
    exponentAlwaysSigned: alwaysSigned,
    grouped,
    scale: 2 * percents - 3 * thousands,
    fractionPlaces: countDigits(parts.fraction),
    integerPlaces: countDigits(parts.integer),
    hasDigits: tokens.some(({ kind }) => kind === 'digit'),
  };
}

/** Between digits a comma groups; after the last digit it divides by a thousand. */
function commaPlace(tokens: readonly FormatToken[], index: number): 'group' | 'scale' | 'literal' {
  const before = tokens.slice(0, index).some(({ kind }) => kind === 'digit');
  if (!before) return 'literal';
  const rest = tokens.slice(index + 1).filter(({ kind }) => kind !== 'comma');
  const point = rest.findIndex(({ kind }) => kind === 'point' || kind === 'exponent');
  const integer = point < 0 ? rest : rest.slice(0, point);
  const afterPoint = tokens.slice(0, index).some(({ kind }) => kind === 'point');
  if (!afterPoint && integer.some(({ kind }) => kind === 'digit')) return 'group';
  const previous = tokens.slice(0, index).findLast(({ kind }) => kind !== 'comma');
  return previous?.kind === 'digit' || previous?.kind === 'point' ? 'scale' : 'literal';
}

export function countDigits(places: readonly Place[]): number {
  return places.filter((place) => typeof place === 'object').length;
}
