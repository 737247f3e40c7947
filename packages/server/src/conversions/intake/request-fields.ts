import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { invalidRequest } from '../../http/validation.ts';
import { isStorable } from '../storable.ts';

/** What a request says about a conversion, besides the file itself. */
export interface UploadFields {
  readonly to: string;
  readonly from: string | undefined;
  readonly options: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

/** The same in a form. */
export const formFields = ['to', 'from', 'options', 'metadata'] as const;

/** Their shapes, for the reference. */
export const formShape = {
  to: z.string(),
  from: z.string().optional(),
  options: z.string().optional().describe('JSON: the options of the conversion'),
  metadata: z.string().optional().describe('JSON: anything of yours, kept with the job'),
} satisfies Record<(typeof formFields)[number], z.ZodType>;

type Sent = Readonly<Partial<Record<(typeof formFields)[number], string>>>;

/** The fields of a form. @throws AppError `invalid_request` */
export function readFormFields(fields: Sent): UploadFields {
  return {
    to: requireTarget(fields.to),
    from: fields.from === '' ? undefined : fields.from,
    options: parseJsonField('options', fields.options),
    metadata: parseJsonField('metadata', fields.metadata),
  };
}

const anObject = z.record(z.string(), z.unknown()).optional();

/** No name of a format has more, and what is kept with a batch must be a plain text. */
const namePattern = /^[^\p{Cc}\p{Cs}]{1,100}$/u;
const nameDetail = 'must be the name of a format, for example "csv"';

/** The same fields in a JSON body. */
export const jsonFields = {
  to: z.string().regex(namePattern, nameDetail),
  from: z.string().min(1).optional(),
  options: anObject.describe('The options of the conversion'),
  metadata: anObject.describe('Anything of yours, kept with the job'),
};

/** The fields of a JSON body. @throws AppError `invalid_request` */
export function readJsonFields(body: z.infer<z.ZodObject<typeof jsonFields>>): UploadFields {
  const { to, from, options = {}, metadata = {} } = body;
  for (const [name, value] of Object.entries({ options, metadata })) {
    if (!isStorable(value, depthMax)) {
      throw invalidRequest([{ pointer: `/body/${name}`, detail: storableDetail }]);
    }
  }
  return { to, from, options, metadata };
}

function requireTarget(to: string | undefined): string {
  if (to !== undefined && namePattern.test(to)) return to;
  if (to !== undefined && to !== '') throw invalidRequest([{ pointer: '/to', detail: nameDetail }]);
  throw new AppError('invalid_request', 'The field "to" is missing: the format you want.', {
    details: { errors: [{ pointer: '/to', detail: 'is required, for example "csv"' }] },
  });
}

const depthMax = 100;
const storableDetail =
  'must be a JSON object of whole Unicode texts without U+0000, ' +
  `nested at most ${depthMax} deep`;

/** The `options` or `metadata` of a form: a JSON object. @throws AppError `invalid_request` */
function parseJsonField(
  name: 'options' | 'metadata',
  text: string | undefined,
): Record<string, unknown> {
  if (text === undefined || text.trim() === '') return {};
  let detail = 'must be a JSON object';
  try {
    const value: unknown = JSON.parse(text);
    if (isStorable(value, depthMax)) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return value as Record<string, unknown>;
      }
    } else {
      detail = storableDetail;
    }
  } catch {
    // Told below, with the rest.
  }
  throw new AppError('invalid_request', `The field "${name}" ${detail}.`, {
    details: { errors: [{ pointer: `/${name}`, detail }] },
  });
}
