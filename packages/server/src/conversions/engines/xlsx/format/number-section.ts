import { decimalOf, fractionDigits, integerDigits, roundDecimal, scaleDecimal } from './decimal.ts';
import type { Decimal } from './decimal.ts';
import { compileFraction } from './fraction-section.ts';
import { formatGeneral, writeGeneral } from './general.ts';
import { countDigits, shapeOf } from './number-shape.ts';
import type { DigitChar, NumberShape, Place } from './number-shape.ts';
import { compilePlainFixed } from './plain-fixed.ts';
import type { QuickWriter } from './plain-fixed.ts';
import type { FormatToken } from './tokens.ts';

export interface NumberSection {
  /**
   * Takes a magnitude and the sign to put before it, which Excel leaves out where nothing but
   * zeros is shown.
   */
  readonly render: (magnitude: number, sign: string) => string;
  readonly write: QuickWriter | undefined;
}

/**
 * Compiles a section without date parts.
 *
 * @param signed whether negative numbers get a minus, as far as `write` goes.
 */
export function compileNumberSection(
  tokens: readonly FormatToken[],
  signed: boolean,
): NumberSection {
  if (tokens.some(({ kind }) => kind === 'general' || kind === 'text')) {
    return {
      render: (magnitude, sign) =>
        sign + tokens.map((token) => generalPart(token, magnitude)).join(''),
      write: tokens.length === 1 && signed ? writeGeneral : undefined,
    };
  }
  const fraction = compileFraction(tokens);
  if (fraction !== undefined) {
    return { render: (magnitude, sign) => sign + fraction(magnitude), write: undefined };
  }
  const shape = shapeOf(tokens);
  if (shape.hasExponent) {
    const render = (magnitude: number, sign: string) =>
      sign + renderScientific(shape, decimalOf(magnitude));
    return { render, write: undefined };
  }
  const render = (magnitude: number, sign: string) => {
    const scaled = scaleDecimal(decimalOf(magnitude), shape.scale);
    const rounded = roundDecimal(scaled, shape.fractionPlaces);
    const text = renderFixed(shape, rounded);
    return rounded.digits === '' && shape.hasDigits ? text : sign + text;
  };
  return { render, write: compilePlainFixed(shape, signed) };
}

function generalPart(token: FormatToken, magnitude: number): string {
  if (token.kind === 'general' || token.kind === 'text') return formatGeneral(magnitude);
  if (token.kind === 'literal') return token.text;
  return token.kind === 'percent' ? '%' : '';
}

function renderFixed(shape: NumberShape, value: Decimal): string {
  const integer = renderInteger(shape.integer, integerDigits(value), shape.grouped);
  const digits = fractionDigits(value, shape.fractionPlaces);
  return integer + (shape.hasPoint ? '.' : '') + renderFraction(shape.fraction, digits);
}

function renderScientific(shape: NumberShape, value: Decimal): string {
  const step = Math.max(1, shape.integerPlaces);
  let power = exponentFor(value, step);
  let mantissa = roundDecimal(scaleDecimal(value, -power), shape.fractionPlaces);
  if (mantissa.exponent > step) {
    power += step === 1 ? 1 : step;
    mantissa = roundDecimal(scaleDecimal(value, -power), shape.fractionPlaces);
  }
  const sign = power < 0 ? '-' : shape.exponentAlwaysSigned ? '+' : '';
  const exponent = renderInteger(shape.exponent, String(Math.abs(power)), false);
  return `${renderFixed(shape, mantissa)}E${sign}${exponent}`;
}

/** `##0.0E+0` wants exponents in steps of three. */
function exponentFor(value: Decimal, step: number): number {
  if (value.digits === '') return 0;
  return Math.floor((value.exponent - 1) / step) * step;
}

/** Fills places from the right; digits that are left over go before the first place. */
function renderInteger(places: readonly Place[], digits: string, grouped: boolean): string {
  let left = digits.length;
  let written = 0;
  let remaining = countDigits(places);
  let text = '';
  for (let index = places.length - 1; index >= 0; index -= 1) {
    const place = places[index];
    if (typeof place !== 'object') {
      text = (place ?? '') + text;
      continue;
    }
    remaining -= 1;
    const stop = remaining === 0 ? 0 : Math.max(0, left - 1);
    if (left === 0) {
      const filler = emptyDigit(place.char);
      if (filler !== '' && grouped && written > 0 && written % 3 === 0) {
        text = (filler === '0' ? ',' : ' ') + text;
      }
      written += 1;
      text = filler + text;
      continue;
    }
    for (; left > stop; left -= 1) {
      if (grouped && written > 0 && written % 3 === 0) text = `,${text}`;
      text = digits.charAt(left - 1) + text;
      written += 1;
    }
  }
  return text;
}

function renderFraction(places: readonly Place[], digits: string): string {
  let used = 0;
  let text = '';
  const significant = digits.replace(/0+$/, '').length;
  for (const place of places) {
    if (typeof place !== 'object') text += place;
    else {
      text += used < significant ? digits.charAt(used) : emptyDigit(place.char);
      used += 1;
    }
  }
  return text;
}

function emptyDigit(char: DigitChar): string {
  if (char === '0') return '0';
  return char === '?' ? ' ' : '';
}
