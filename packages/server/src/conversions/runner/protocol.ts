import { z } from 'zod';
import type { EngineErrorCode, EngineTask, Format } from '../engines/engine.ts';

/**
 * What parent and child tell each other: one JSON object a line, commands on the child's standard
 * input, replies on its descriptor 3. Not Node's own IPC: a child taken over by a document could
 * send that an endless message, or a descriptor.
 */
export type Command =
  | {
      readonly type: 'run';
      readonly task: Pick<EngineTask, 'from' | 'to' | 'options'> & {
        /** Names inside the child's `in` and `out` folders. */
        readonly input: string;
        readonly output: string;
      };
    }
  /** The output was taken: empty the folders. */
  | { readonly type: 'clean' };

/** Where the child finds its folders: `in` (read-only), `out`, `tmp`, `home`. */
export const jobFolderInside = '/job';

export const replyLineBytesMax = 256 * 1024;

const errorCodes = [
  'document_encrypted',
  'document_invalid',
  'document_too_complex',
  'invalid_request',
  'conversion_timeout',
  'internal_error',
] as const satisfies readonly EngineErrorCode[];

const text = (lengthMax: number) => z.string().transform((value) => value.slice(0, lengthMax));

/** What the process has used so far. */
const resources = { rssBytes: z.number(), cpuSeconds: z.number() };

const replySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('progress'), percent: z.number(), phase: text(100) }),
  z.object({
    type: z.literal('done'),
    // The caller's table of formats decides what it means; here it is only a short word.
    format: z.string().regex(/^[a-z0-9]{1,10}$/u),
    warnings: z.array(z.object({ code: text(100), detail: text(1000) })).max(200),
    ...resources,
  }),
  z.object({
    type: z.literal('failed'),
    code: z.enum(errorCodes),
    message: text(2000),
    cause: text(8000),
    /** It was the engine's own verdict on the document; its process is as good as before. */
    sound: z.boolean(),
    ...resources,
  }),
]);

export type Reply = z.infer<typeof replySchema>;

/**
 * Reads one line that a child sent.
 *
 * @throws Error where it is not a reply: the child is then not to be trusted any more
 */
export function parseReply(line: string): Reply {
  return replySchema.parse(JSON.parse(line));
}

/** The reply's word as our type; an engine can only write what the type system let it. */
export function asFormat(word: string): Format {
  return word as Format;
}
