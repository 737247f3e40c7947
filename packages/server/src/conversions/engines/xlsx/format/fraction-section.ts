import type { FormatToken } from './tokens.ts';

type Digit = Extract<FormatToken, { kind: 'digit' }>;

/** The tokens of `# ??/??`, apart. */
interface FractionShape {
  readonly before: string;
  /** Undefined for an improper fraction, `?/?`. */
  readonly whole: readonly Digit[] | undefined;
  readonly gap: string;
  readonly numerator: number;
  readonly slash: string;
  readonly denominatorLength: number;
  /** Of `# ?/8`; undefined where the best one is looked for. */
  readonly denominator: number | undefined;
  readonly after: string;
}

const denominatorDigitsMax = 7;

/**
 * Compiles a section such as `# ??/??` or `# ?/8`; undefined when it holds no fraction. The result
 * takes a magnitude.
 */
export function compileFraction(
  tokens: readonly FormatToken[],
): ((magnitude: number) => string) | undefined {
  const shape = shapeOf(tokens);
  if (shape === undefined) return undefined;
  const limit = 10 ** Math.min(shape.denominatorLength, denominatorDigitsMax) - 1;
  return (magnitude) => {
    const whole = shape.whole === undefined ? 0 : Math.floor(magnitude);
    let [numerator, denominator] =
      shape.denominator === undefined
        ? nearestFraction(magnitude - whole, limit)
        : [Math.round((magnitude - whole) * shape.denominator), shape.denominator];
    let carried = whole;
    if (shape.whole !== undefined && numerator === denominator) {
      carried += 1;
      numerator = 0;
    }
    if (shape.denominator === undefined && numerator === 0) denominator = 1;
    return shape.before + render(shape, carried, numerator, denominator) + shape.after;
  };
}

function render(
  shape: FractionShape,
  whole: number,
  numerator: number,
  denominator: number,
): string {
  const top = String(numerator).padStart(shape.numerator);
  const bottom = String(denominator).padEnd(shape.denominatorLength);
  if (shape.whole === undefined) return `${top}${shape.slash}${bottom}`;
  const keepZero = shape.whole.some(({ char }) => char === '0') || numerator === 0;
  const head = whole === 0 && !keepZero ? '' : String(whole).padStart(zeros(shape.whole), '0');
  if (numerator === 0) {
    return head + ' '.repeat(shape.gap.length + top.length + shape.slash.length + bottom.length);
  }
  return `${head}${shape.gap}${top}${shape.slash}${bottom}`;
}

function zeros(digits: readonly Digit[]): number {
  return digits.filter(({ char }) => char === '0').length;
}

/** Best approximation with a denominator up to the limit, by the Stern-Brocot tree. */
function nearestFraction(value: number, limit: number): [number, number] {
  const base = Math.floor(value);
  let [lowTop, lowBottom, highTop, highBottom] = [base, 1, base + 1, 1];
  while (lowBottom + highBottom <= limit) {
    const top = lowTop + highTop;
    const bottom = lowBottom + highBottom;
    // Many steps to one side are taken at once: 1/9999999 would take millions.
    if (value * bottom === top) return [top, bottom];
    if (value * bottom > top) {
      const steps = stepsTowards(value, [lowTop, lowBottom], [highTop, highBottom], limit);
      lowTop += steps * highTop;
      lowBottom += steps * highBottom;
    } else {
      const steps = stepsTowards(value, [highTop, highBottom], [lowTop, lowBottom], limit);
      highTop += steps * lowTop;
      highBottom += steps * lowBottom;
    }
  }
  const lowError = value - lowTop / lowBottom;
  const highError = highTop / highBottom - value;
  return lowError <= highError ? [lowTop, lowBottom] : [highTop, highBottom];
}

/** How often `by` can be added to `from` without passing the value or the limit; at least once. */
function stepsTowards(
  value: number,
  from: readonly [number, number],
  by: readonly [number, number],
  limit: number,
): number {
  const distance = Math.abs(value * from[1] - from[0]);
  const slope = Math.abs(value * by[1] - by[0]);
  const fitting = Math.floor((limit - from[1]) / by[1]);
  const reached = slope === 0 ? fitting : Math.floor(distance / slope);
  return Math.max(1, Math.min(fitting, reached));
}

function shapeOf(tokens: readonly FormatToken[]): FractionShape | undefined {
  const slash = tokens.findIndex(({ kind }) => kind === 'slash');
  let numeratorEnd = slash;
  while (isBlank(tokens[numeratorEnd - 1])) numeratorEnd -= 1;
  let numeratorStart = numeratorEnd;
  while (tokens[numeratorStart - 1]?.kind === 'digit') numeratorStart -= 1;
  let bottomStart = slash + 1;
  while (isBlank(tokens[bottomStart])) bottomStart += 1;
  let bottomEnd = bottomStart;
  while (denominatorChar(tokens[bottomEnd]) !== '') bottomEnd += 1;
  if (slash < 0 || numeratorStart === numeratorEnd || bottomStart === bottomEnd) return undefined;
  const bottom = tokens.slice(bottomStart, bottomEnd).map(denominatorChar).join('');
  const fixed = /^[1-9]\d*$/.test(bottom) ? Number(bottom) : undefined;
  const lead = tokens.slice(0, numeratorStart);
  const firstDigit = lead.findIndex(({ kind }) => kind === 'digit');
  const lastDigit = lead.findLastIndex(({ kind }) => kind === 'digit');
  return {
    before: literals(firstDigit < 0 ? lead : lead.slice(0, firstDigit)),
    whole: firstDigit < 0 ? undefined : lead.filter((token) => token.kind === 'digit'),
    gap: firstDigit < 0 ? '' : literals(lead.slice(lastDigit + 1)),
    numerator: numeratorEnd - numeratorStart,
    slash: `${literals(tokens.slice(numeratorEnd, slash))}/${literals(tokens.slice(slash + 1, bottomStart))}`,
    denominatorLength: bottom.length,
    denominator: fixed,
    after: literals(tokens.slice(bottomEnd)),
  };
}

function isBlank(token: FormatToken | undefined): boolean {
  return token?.kind === 'literal' && token.text.trim() === '';
}

function denominatorChar(token: FormatToken | undefined): string {
  if (token?.kind === 'digit') return token.char;
  return token?.kind === 'literal' && /^\d$/.test(token.text) ? token.text : '';
}

function literals(tokens: readonly FormatToken[]): string {
  return tokens.map((token) => (token.kind === 'literal' ? token.text : '')).join('');
}
