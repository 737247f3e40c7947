import { compileDateSection } from './date-section.ts';
import { compileNumberSection } from './number-section.ts';
import type { QuickWriter } from './plain-fixed.ts';
import { parseFormat } from './tokens.ts';
import type { Condition, FormatSection } from './tokens.ts';

/** A number format code, ready to be applied. */
export interface NumberFormat {
  readonly isGeneral: boolean;
  /** True when a positive number is shown as a date or a time. */
  readonly isDate: boolean;
  /** True for `[h]:mm` and its like: a span of time, not a point in it. */
  readonly isDuration: boolean;
  /** Takes a finite number. */
  formatNumber(value: number): string;
  /** Like `formatNumber`, for the plain cases; see QuickWriter. */
  readonly writeNumber: QuickWriter;
  /** Undefined when texts are shown as they are. */
  readonly formatText: ((text: string) => string) | undefined;
}

interface Choice {
  readonly matches: (value: number) => boolean;
  readonly render: (value: number) => string;
  readonly write: QuickWriter | undefined;
}

/** `[$-F800]` and `[$-F400]` ask for the system's long date and time, whatever follows. */
const systemFormats: readonly (readonly [RegExp, string])[] = [
  [/^\[\$-x?(?:sysdate|f800)\]/i, 'dddd, mmmm d, yyyy'],
  [/^\[\$-x?(?:systime|f400)\]/i, 'h:mm:ss AM/PM'],
];
const unshowable = '########';

/** Compiles a format code of Excel (ECMA-376, 18.8.31). Never throws: what it cannot read is text. */
export function compileFormat(code: string, date1904: boolean): NumberFormat {
  const system = systemFormats.find(([pattern]) => pattern.test(code));
  const isGeneral = code === '' || /^general$/i.test(code);
  const sections = parseFormat(isGeneral ? 'General' : (system?.[1] ?? code));
  const textSection = textSectionOf(sections);
  const numeric = sections.filter((section) => section !== textSection || sections.length === 1);
  const choices = numeric.map((section, index) => choiceOf(section, index, numeric, date1904));
  const first = numeric[0];
  return {
    isGeneral,
    isDate: first?.isDate ?? false,
    isDuration: first?.tokens.some(({ kind }) => kind === 'elapsed') ?? false,
    formatNumber: (value) =>
      choices.find(({ matches }) => matches(value))?.render(value) ?? unshowable,
    writeNumber: writerOf(choices, isConditional(numeric)),
    formatText: textSection === undefined ? undefined : textFormatter(textSection),
  };
}

function writerOf(choices: readonly Choice[], conditional: boolean): QuickWriter {
  const [only] = choices;
  if (choices.length === 1 && only !== undefined) return only.write ?? (() => -1);
  // A quick writer may be given a number that is off by its last bit.
  if (conditional) return () => -1;
  return (value, target) => {
    for (const { matches, write } of choices) {
      if (matches(value)) return write?.(value, target) ?? -1;
    }
    return -1;
  };
}

/** The fourth section, or a last one that holds `@`. */
function textSectionOf(sections: readonly FormatSection[]): FormatSection | undefined {
  const last = sections.at(-1);
  return sections.length === 4 || last?.isText === true ? last : undefined;
}

function textFormatter(section: FormatSection): ((text: string) => string) | undefined {
  const { tokens } = section;
  if (tokens.length === 1 && tokens[0]?.kind === 'text') return undefined;
  if (tokens.some(({ kind }) => kind === 'general')) return undefined;
  return (text) =>
    tokens
      .map((token) => (token.kind === 'text' ? text : token.kind === 'literal' ? token.text : ''))
      .join('');
}

function choiceOf(
  section: FormatSection,
  index: number,
  sections: readonly FormatSection[],
  date1904: boolean,
): Choice {
  const matches = matcherOf(section, index, sections);
  if (section.isDate) return { matches, ...compileDateSection(section, date1904) };
  if (section.tokens.length === 0) return { matches, render: () => '', write: undefined };
  // A section for negative numbers only says itself how they look.
  const signed = !negativeOnly(section, index, sections);
  const { render, write } = compileNumberSection(section.tokens, signed);
  return {
    matches,
    write,
    render: (value) => render(Math.abs(value), signed && value < 0 ? '-' : ''),
  };
}

function isConditional(sections: readonly FormatSection[]): boolean {
  return sections.some(({ condition }) => condition !== undefined);
}

function matcherOf(
  section: FormatSection,
  index: number,
  sections: readonly FormatSection[],
): (value: number) => boolean {
  if (section.condition !== undefined) return conditionTest(section.condition);
  if (index === sections.length - 1) return () => true;
  if (isConditional(sections)) {
    // The defaults of the first two are "positive" and "negative" (ECMA-376, 18.8.31).
    return index === 0 ? (value) => value > 0 : (value) => value < 0;
  }
  if (index === 0) return sections.length === 2 ? (value) => value >= 0 : (value) => value > 0;
  return (value) => value < 0;
}

function negativeOnly(
  section: FormatSection,
  index: number,
  sections: readonly FormatSection[],
): boolean {
  const { condition } = section;
  if (condition !== undefined) {
    const { operator, operand } = condition;
    return (operator === '<' && operand <= 0) || (operator === '<=' && operand < 0);
  }
  const first = sections[0]?.condition;
  if (index !== 1) return false;
  if (first === undefined) return true;
  return (first.operator === '>' || first.operator === '>=') && first.operand <= 0;
}

function conditionTest({ operator, operand }: Condition): (value: number) => boolean {
  switch (operator) {
    case '<':
      return (value) => value < operand;
    case '<=':
      return (value) => value <= operand;
    case '>':
      return (value) => value > operand;
    case '>=':
      return (value) => value >= operand;
    case '=':
      return (value) => value === operand;
    case '<>':
      return (value) => value !== operand;
  }
}
