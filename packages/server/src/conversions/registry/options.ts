import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { pointerTo } from '../../http/validation.ts';
import { allowedValues } from './allowed-values.ts';
import type { Offer } from './registry.ts';

/** An offer's options as JSON Schema, as its caller sees them: what has a default may be left out. */
export function describeOptions(offer: Offer): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(optionsOf(offer), { io: 'input' });
  return schema;
}

/** The options of all steps together; where two have one of the same name, the later one's. */
function optionsOf({ steps }: Offer): z.ZodObject {
  const [{ pair }] = steps;
  if (steps.length === 1) return pair.options;
  return z.strictObject(Object.assign({}, ...steps.map((step) => step.pair.options.shape)));
}

/** What of a chain's options, as given or as parsed, is meant for one of its steps. */
export function optionsOfStep(
  { steps }: Offer,
  index: number,
  options: Record<string, unknown>,
): Record<string, unknown> {
  if (steps.length === 1) return options;
  const own = steps[index]?.pair.options.shape ?? {};
  const later = steps.slice(index + 1).map(({ pair }) => pair.options.shape);
  const mine = (name: string) => name in own && !later.some((shape) => name in shape);
  return Object.fromEntries(Object.entries(options).filter(([name]) => mine(name)));
}

/**
 * Checks a request's `options` against the schemas of an offer's steps and fills in the defaults.
 *
 * @throws AppError `invalid_request` with `errors[{pointer, detail}]`; an unknown option is one.
 */
export function parseOptions(offer: Offer, json: unknown): Record<string, unknown> {
  const given = json ?? {};
  const whole = optionsOf(offer).safeParse(given);
  // Rules between the options of a step are known to that step's schema alone.
  const results = whole.success
    ? offer.steps.map(({ pair }, index) =>
        pair.options.safeParse(optionsOfStep(offer, index, given as Record<string, unknown>)),
      )
    : [whole];
  const errors = results.flatMap(({ error }) =>
    (error?.issues ?? []).flatMap((issue) => describeIssue(issue, offer)),
  );
  const [first] = errors;
  if (first) {
    const detail = `${first.pointer}: ${first.detail}`;
    throw new AppError('invalid_request', detail, { details: { errors } });
  }
  const parsed = results.map(({ data }, index) => optionsOfStep(offer, index, data ?? {}));
  return Object.assign({}, ...parsed) as Record<string, unknown>;
}

interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

function describeIssue(issue: z.core.$ZodIssue, offer: Offer): FieldError[] {
  const known = optionsOf(offer).shape;
  if (issue.code === 'unrecognized_keys') {
    const names = Object.keys(known).join(', ');
    const detail = names === '' ? 'No options are known.' : `Unknown option; known: ${names}.`;
    return issue.keys.map((key) => ({
      pointer: pointerTo('options', [...issue.path, key]),
      detail,
    }));
  }
  const [name] = issue.path;
  const schema = name === undefined ? undefined : known[String(name)];
  const detail = schema === undefined ? issue.message : detailOf(issue, schema as z.ZodType);
  return [{ pointer: pointerTo('options', issue.path), detail }];
}

const hasOwnWords = ({ code }: z.core.$ZodIssue) => code === 'custom' || code === 'invalid_format';

/** A schema's own words where it has some, else all that it allows, whatever was wrong. */
function detailOf(issue: z.core.$ZodIssue, schema: z.ZodType): string {
  // No pattern takes a text of U+0000: it tells in its words what another type should have been.
  const [pattern] = schema.safeParse('\0').error?.issues.filter(hasOwnWords) ?? [];
  if (hasOwnWords(issue)) return issue.message;
  if (issue.code === 'invalid_type' && pattern !== undefined) return pattern.message;
  return `It must be ${allowedValues(z.toJSONSchema(schema, { io: 'input' }))}.`;
}
