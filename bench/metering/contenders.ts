import { openBatched } from './batched.ts';
import type { ContenderKind } from './contender.ts';
import { openFlexiblePostgres, openFlexibleRedis } from './flexible.ts';
import { openNaive } from './naive.ts';
import { openOneByOne } from './one-by-one.ts';

/** What the ratios refer to. */
export const reference = 'naive transaction';

/** Other peers go here, under their name in the table. */
export const contenders: Readonly<Record<string, ContenderKind>> = {
  'batched (ours)': { keeps: 'ledger', open: ({ connection }) => openBatched(connection) },
  [reference]: { keeps: 'ledger', open: ({ connection }) => openNaive(connection) },
  'one function a call': { keeps: 'ledger', open: ({ connection }) => openOneByOne(connection) },
  'r-l-flexible, PostgreSQL': {
    keeps: 'counter',
    open: ({ connection }) => openFlexiblePostgres(connection),
  },
  'r-l-flexible, Redis': {
    keeps: 'counter',
    needsRedis: true,
    open: ({ redisUrl }) => openFlexibleRedis(redisUrl ?? ''),
  },
};
