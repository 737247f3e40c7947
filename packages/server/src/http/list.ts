import { z } from 'zod';

/** The query of every list: `?limit=1..100&starting_after=ID`. */
export const listQuery = z.strictObject({
  limit: z.coerce.number('must be a whole number from 1 to 100').int().min(1).max(100).default(20),
  starting_after: z.string().min(1).max(64).optional(),
});

export interface ListQuery {
  readonly limit: number;
  readonly starting_after?: string | undefined;
}

/** The envelope of every list, newest first. */
export interface List<Item> {
  object: 'list';
  data: Item[];
  has_more: boolean;
  /** What `starting_after` takes to go on; null on the last page. */
  next_cursor: string | null;
}

export function listOf<Schema extends z.ZodType>(item: Schema) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  });
}

/** A page out of rows that were asked for with `LIMIT limit + 1`. */
export function toList<Item extends { id: string }>(
  rows: readonly Item[],
  limit: number,
): List<Item> {
  const data = rows.slice(0, limit);
  const hasMore = rows.length > limit;
  return {
    object: 'list',
    data,
    has_more: hasMore,
    next_cursor: hasMore ? (data.at(-1)?.id ?? null) : null,
  };
}
