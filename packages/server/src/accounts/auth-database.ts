import { hash } from 'node:crypto';
import { createAdapterFactory } from 'better-auth/adapters';
import type { CleanedWhere, CustomAdapter, DBAdapterInstance } from 'better-auth/adapters';
import type { Database, Queryable } from '../db/pool.ts';
import { sql, type Statement } from '../db/sql.ts';

type Row = Record<string, unknown>;
type Options = Parameters<DBAdapterInstance>[0];

/**
 * better-auth's tables in our database. A session's token is kept as its hash and shown only to who
 * asks by the token itself: nothing that is read from the table opens a session.
 */
export function createAuthDatabase(db: Database): DBAdapterInstance {
  return (options: Options) => {
    const over = (query: Queryable, transaction: Parameters<typeof adapterOver>[1]) =>
      adapterOver(query, transaction)(options);
    return over(db, (work) => db.transaction((tx) => work(over(tx, false))));
  };
}

type Transaction = NonNullable<Parameters<typeof createAdapterFactory>[0]['config']['transaction']>;

function adapterOver(db: Queryable, transaction: Transaction) {
  return createAdapterFactory({
    config: {
      adapterId: 'mutate',
      // Times come from our pool as RFC 3339 text.
      supportsDates: false,
      supportsBooleans: true,
      supportsJSON: false,
      transaction,
    },
    adapter: ({ getFieldName }) => tablesOver(db, getFieldName),
  });
}

type ColumnOf = (of: { model: string; field: string }) => string;

function tablesOver(db: Queryable, columnOf: ColumnOf): CustomAdapter {
  const rowsOf = async <T>(statement: Statement, token: string | null = null): Promise<T[]> =>
    (await db.query<Row>(statement)).map((row) => shown(row, token)) as T[];
  const update = async <T>(model: string, where: CleanedWhere[], set: Statement): Promise<T[]> =>
    rowsOf<T>(
      sql`UPDATE ${name(model)} SET ${set} WHERE ${toCondition(where)} RETURNING *`,
      tokenIn(where),
    );
  return {
    async create({ model, data }) {
      const columns = Object.keys(data).map(name);
      const values = Object.entries(data).map(([column, value]) => sql`${kept(column, value)}`);
      const [row] = await rowsOf<typeof data>(
        sql`INSERT INTO ${name(model)} (${joined(columns, ', ')})
          VALUES (${joined(values, ', ')}) RETURNING *`,
        tokenOf(data),
      );
      if (row === undefined) throw new Error(`the insert into ${model} answered no row`);
      return row;
    },
    async findOne<T>({ model, where }: { model: string; where: CleanedWhere[] }) {
      const rows = await rowsOf<T>(
        sql`SELECT * FROM ${name(model)} WHERE ${toCondition(where)} LIMIT 1`,
        tokenIn(where),
      );
      return rows[0] ?? null;
    },
    findMany: ({ model, modelKey = model, where = [], limit, sortBy, offset = 0 }) => {
      const field = sortBy?.field ?? 'id';
      const order = sql`ORDER BY ${name(columnOf({ model: modelKey, field }))}`;
      const direction = sortBy?.direction === 'desc' ? sql`DESC` : sql`ASC`;
      return rowsOf(sql`SELECT * FROM ${name(model)} WHERE ${toCondition(where)}
        ${order} ${direction} LIMIT ${limit} OFFSET ${offset}`);
    },
    async count({ model, where = [] }) {
      const rows = await rowsOf<{ count: number }>(
        sql`SELECT count(*) FROM ${name(model)} WHERE ${toCondition(where)}`,
      );
      return rows[0]?.count ?? 0;
    },
    async update<T>(input: { model: string; where: CleanedWhere[]; update: T }) {
      const rows = await update<T>(input.model, input.where, assignments(input.update as Row));
      return rows[0] ?? null;
    },
    updateMany: async ({ model, where, update: changes }) =>
      (await update(model, where, assignments(changes))).length,
    async delete({ model, where }) {
      await db.query(sql`DELETE FROM ${name(model)} WHERE ${toCondition(where)}`);
    },
    deleteMany: async ({ model, where }) =>
      (await rowsOf(sql`DELETE FROM ${name(model)} WHERE ${toCondition(where)} RETURNING id`))
        .length,
    async consumeOne<T>({ model, where }: { model: string; where: CleanedWhere[] }) {
      const rows = await rowsOf<T>(sql`DELETE FROM ${name(model)} WHERE id = (
        SELECT id FROM ${name(model)} WHERE ${toCondition(where)} LIMIT 1) RETURNING *`);
      return rows[0] ?? null;
    },
    async incrementOne<T>({ model, where, increment, set = {} }: IncrementOne) {
      const added = Object.entries(increment).map(
        ([column, by]) => sql`${name(column)} = ${name(column)} + ${by}`,
      );
      const changes = Object.keys(set).length === 0 ? [] : [assignments(set)];
      const rows = await update<T>(model, where, joined([...added, ...changes], ', '));
      return rows[0] ?? null;
    },
  };
}

interface IncrementOne {
  model: string;
  where: CleanedWhere[];
  increment: Record<string, number>;
  set?: Row | undefined;
}

/** Of a table or a column, from better-auth's schema and our mapping; never from a request. */
function name(text: string): Statement {
  if (!/^[a-z_]+$/.test(text)) throw new Error(`${text} is no name of a table or column`);
  return { text: `"${text}"`, values: [], name: '' };
}

function joined(parts: readonly Statement[], separator: string): Statement {
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error('there is nothing to join');
  const between: Statement = { text: separator, values: [], name: '' };
  return rest.reduce((all, part) => sql`${all}${between}${part}`, first);
}

function assignments(changes: Row): Statement {
  const each = Object.entries(changes).map(
    ([column, value]) => sql`${name(column)} = ${kept(column, value)}`,
  );
  return joined(each, ', ');
}

const comparisons = {
  eq: sql`=`,
  ne: sql`<>`,
  lt: sql`<`,
  lte: sql`<=`,
  gt: sql`>`,
  gte: sql`>=`,
} as const;

/** All that are joined by AND, and one of those that are joined by OR. */
function toCondition(where: readonly CleanedWhere[]): Statement {
  const of = (connector: 'AND' | 'OR') =>
    where.filter((part) => part.connector === connector).map(compare);
  const [all, any] = [of('AND'), of('OR')];
  const conditions = [...all, ...(any.length === 0 ? [] : [sql`(${joined(any, ' OR ')})`])];
  return conditions.length === 0 ? sql`true` : joined(conditions, ' AND ');
}

function compare({ field, operator = 'eq', value }: CleanedWhere): Statement {
  const column = name(field);
  const values = Array.isArray(value) ? value.map((each) => kept(field, each)) : kept(field, value);
  if (operator === 'in') return sql`${column} = ANY(${values})`;
  if (operator === 'not_in') return sql`${column} <> ALL(${values})`;
  if (value === null && operator === 'eq') return sql`${column} IS NULL`;
  if (value === null && operator === 'ne') return sql`${column} IS NOT NULL`;
  if (!(operator in comparisons)) throw new Error(`${operator} is not used by any route of ours`);
  return sql`${column} ${comparisons[operator as keyof typeof comparisons]} ${values}`;
}

const tokenColumn = 'token_hash';

/** What is written: the hash where it is a token. */
function kept(column: string, value: unknown): unknown {
  return column === tokenColumn && typeof value === 'string' ? hash('sha256', value) : value;
}

/** A row as who knows the token sees it; all others see a hash. */
function shown(row: Row, token: string | null): Row {
  return token !== null && row[tokenColumn] === hash('sha256', token)
    ? { ...row, [tokenColumn]: token }
    : row;
}

function tokenOf(data: Row): string | null {
  const token = data[tokenColumn];
  return typeof token === 'string' ? token : null;
}

function tokenIn(where: readonly CleanedWhere[]): string | null {
  const value = where.find(({ field }) => field === tokenColumn)?.value;
  return typeof value === 'string' ? value : null;
}
