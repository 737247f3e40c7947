import type { z } from 'zod';
import { AppError } from '../errors.ts';

/** What is wrong with one part of a request. */
export interface InputError {
  /** RFC 6901 into the request: `/body/name`, `/query/limit`, `/headers/prefer`. */
  readonly pointer: string;
  readonly detail: string;
}

type Part = 'params' | 'query' | 'body' | 'headers';

/**
 * One part of a request as its schema makes it.
 *
 * @throws AppError `invalid_request` with `errors[{pointer, detail}]`, every mistake at once
 */
export function parseInput(schema: z.ZodType, part: Part, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error.issues.flatMap((issue) => describe(issue, part, value)));
}

/** 400 with a place and a reason for each mistake; for what a schema cannot say. */
export function invalidRequest(errors: readonly InputError[]): AppError {
  const [first] = errors;
  const place = first === undefined ? '' : `${first.pointer} ${first.detail}`;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more, see errors)` : '';
  return new AppError('invalid_request', `The request is not valid: ${place}${more}.`, {
    details: { errors },
  });
}

function describe(issue: z.core.$ZodIssue, part: Part, value: unknown): InputError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerTo(part, [...issue.path, key]),
      detail: 'is not a known member',
    }));
  }
  return [{ pointer: pointerTo(part, issue.path), detail: detailOf(issue, part, value) }];
}

/** A JSON pointer (RFC 6901) into a part of the request. */
export function pointerTo(part: string, path: readonly PropertyKey[]): string {
  const steps = path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'));
  return `/${[part, ...steps].join('/')}`;
}

/** Zod's own wording, which speaks of inputs and options; a schema's own message stays as it is. */
const zodWording = /^(?:Invalid|Too (?:small|big)|Unrecognized)/;

function detailOf(issue: z.core.$ZodIssue, part: Part, value: unknown): string {
  const isMissing = issue.code === 'invalid_type' && valueAt(value, issue.path) === undefined;
  if (isMissing && part === 'body' && issue.path.length === 0) return 'is required: a JSON object';
  if (!zodWording.test(issue.message)) return issue.message;
  if (isMissing) return 'is required';
  if (issue.code === 'invalid_value') {
    return `must be one of ${issue.values.map((allowed) => JSON.stringify(allowed)).join(', ')}`;
  }
  if (issue.code === 'invalid_type') {
    const { expected } = issue;
    if (expected === 'int') return 'must be a whole number';
    return `must be ${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return boundOf(issue);
  return `${issue.message.slice(0, 1).toLowerCase()}${issue.message.slice(1)}`;
}

function boundOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const isMin = issue.code === 'too_small';
  const bound = String(isMin ? issue.minimum : issue.maximum);
  const unit = { string: ' characters', array: ' entries', set: ' entries', file: ' bytes' }[
    issue.origin as string
  ];
  if (unit !== undefined) return `must have at ${isMin ? 'least' : 'most'} ${bound}${unit}`;
  const orEqual = issue.inclusive === false ? '' : 'at ';
  if (orEqual === '') return `must be ${isMin ? 'more' : 'less'} than ${bound}`;
  return `must be at ${isMin ? 'least' : 'most'} ${bound}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}
