import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { proveFaults } from '../packages/server/src/proof/faults/prove-faults.ts';
import { proveLostCommits } from '../packages/server/src/proof/faults/prove-lost-commits.ts';
import { proveHistories } from '../packages/server/src/proof/history/prove-histories.ts';
import { offerModelPlans } from '../packages/server/src/proof/history/world.ts';
import { proveLives } from '../packages/server/src/proof/lives/prove-lives.ts';
import { proveLostAnswers } from '../packages/server/src/proof/lives/prove-lost-answers.ts';
import { proveRenewalKills } from '../packages/server/src/proof/lives/prove-renewal-kills.ts';
import { openProvingGround } from '../packages/server/src/proof/proving-ground.ts';
import type { ProvingGround } from '../packages/server/src/proof/proving-ground.ts';
import { proveProxy } from '../packages/server/src/proof/proxy/prove-proxy.ts';
import { proveRaces } from '../packages/server/src/proof/races/prove-races.ts';
import { proveUpgrades } from '../packages/server/src/proof/upgrades/prove-upgrades.ts';
import { openBillingWorld } from '../packages/server/src/test/billing-world.ts';

/**
 * `npm run prove`: the full figures of the proof (docs/proof.md), and a block with the result, date
 * and machine. A part that is bounded by --minutes stops there and says how far it came.
 */
const { values } = parseArgs({
  options: {
    only: {
      type: 'string',
      default: 'histories,races,proxy,commits,faults,lives,renewals,upgrades',
    },
    histories: { type: 'string', default: '2000' },
    races: { type: 'string', default: '1000000' },
    cuts: { type: 'string', default: '500' },
    lives: { type: 'string', default: '1000' },
    /** Answers of the payment provider. */
    lost: { type: 'string', default: '200' },
    upgrades: { type: 'string', default: '1000' },
    /** Of each shape: one process, server and worker. */
    kills: { type: 'string', default: '20' },
    shapes: { type: 'string', default: 'all,split' },
    /** Of each part but the kills. */
    minutes: { type: 'string', default: '60' },
    /** Of the histories: the one that failed, as the failure names it. */
    path: { type: 'string' },
  },
});
const seed = Number(process.env['PROOF_SEED'] ?? Math.floor(Math.random() * 1_000_000_000));
const lines: string[] = [];

/** Whose server loses nothing, since nobody ends it. */
const careless = false;

/** Runs one part; tells how it went, on the screen and for the block. */
async function prove(what: string, work: () => Promise<string>): Promise<void> {
  const startedMs = performance.now();
  process.stdout.write(`${what} …\n`);
  const result = await work();
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  lines.push(`| ${what} | ${result} | ${seconds} s |`);
  process.stdout.write(`\r  ${result} (${seconds} s)\n`);
}

const progress = (text: string) => process.stdout.write(`\r  ${text}   `);
const until = () => performance.now() + Number(values.minutes) * 60_000;

async function onGround<Result>(
  work: (ground: ProvingGround) => Promise<Result>,
  isDurable = true,
): Promise<Result> {
  const ground = await openProvingGround(isDurable);
  try {
    return await work(ground);
  } finally {
    await ground.close();
  }
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  histories: () =>
    prove('histories against the model', () =>
      onGround(async ({ servers: [db], owner }) => {
        await offerModelPlans(owner);
        let played = 0;
        const { histories, steps } = await proveHistories({
          db,
          seed,
          histories: Number(values.histories),
          stepsMax: 80,
          untilMs: until(),
          ...(values.path === undefined ? {} : { path: values.path }),
          onHistory: () => progress(`${++played} histories`),
        });
        return `${histories} histories, ${steps} steps, the invariants after each`;
      }),
    ),
  races: () =>
    prove('races of two servers', () =>
      onGround(async ({ servers, owner }) => {
        const { calls, counted, verdicts } = await proveRaces({
          servers,
          owner,
          seed,
          calls: Number(values.races),
          untilMs: until(),
          clients: 256,
          onRound: (done) => progress(`${done} calls`),
        });
        const refused = Object.entries(verdicts)
          .filter(([verdict]) => !verdict.startsWith('allowed'))
          .reduce((sum, [, count]) => sum + count, 0);
        return `${calls} calls, ${counted} counted, ${refused} refused, no breach`;
      }),
    ),
  proxy: () =>
    prove('broken connections', () =>
      onGround(async ({ servers: [db], owner, connection }) => {
        const { struck, counted, gaveUp } = await proveProxy({
          connection,
          db,
          owner,
          seed,
          faults: Number(values.cuts),
          untilMs: until(),
        });
        const kinds = Object.entries(struck).map(([fault, count]) => `${count} ${fault}`);
        return `${kinds.join(', ')}; ${counted} counted, ${gaveUp} told to try again`;
      }),
    ),
  commits: () =>
    prove('kill -9 of PostgreSQL right after an admission', async () => {
      const { kills, lost } = await proveLostCommits(Math.ceil(Number(values.kills) / 2));
      return `${kills} kills, ${lost} of them before the commit was on disk, each made again once`;
    }),
  lives: () =>
    prove('billing lives', async () => {
      const sums = { lives: 0, deeds: 0, invoices: 0, bills: 0 };
      const end = until();
      while (sums.lives < Number(values.lives) && performance.now() < end) {
        const left = Number(values.lives) - sums.lives;
        const round = { seed: seed + sums.lives, lives: Math.min(50, left), rounds: 16 };
        const onRound = (done: number) =>
          progress(`${sums.lives} lives, round ${done} of the next`);
        const play = ({ servers: [db] }: ProvingGround) => proveLives({ db, ...round, onRound });
        const played = await onGround(play, careless);
        for (const name of ['lives', 'deeds', 'invoices', 'bills'] as const) {
          sums[name] += played[name];
        }
        progress(`${sums.lives} lives`);
      }
      const { lives, deeds, invoices, bills } = sums;
      return `${lives} lives, ${deeds} deeds, ${invoices} invoices and ${bills} bills equal to the cent`;
    }),
  renewals: async () => {
    await prove('kill -9 at every point of a renewal', () =>
      onGround(async ({ servers: [db], connection }) => {
        const { points, kills } = await proveRenewalKills({ db, connection, every: 1 });
        return `${kills} kills (${points.draft} points on the draft, ${points.paid} once paid), one item each`;
      }),
    );
    await prove('done, and answered 500', () =>
      onGround(async ({ servers: [db] }) => {
        const times = Number(values.lost);
        const { months, invoices, bills } = await proveLostAnswers(db, times);
        return `${times} answers lost in ${months} months; ${invoices} invoices, ${bills} bills, none double`;
      }),
    );
  },
  upgrades: () =>
    prove('upgrades against their previews', () =>
      onGround(async ({ servers: [db] }) => {
        const world = await openBillingWorld(db, { start: '2027-01-31T10:11:12Z' });
        try {
          const { upgrades, workspaces, toTheYear } = await proveUpgrades({
            world,
            seed,
            upgrades: Number(values.upgrades),
            untilMs: until(),
            onUpgrade: (made) => progress(`${made} upgrades`),
          });
          return `${upgrades} upgrades of ${workspaces} workspaces, ${toTheYear} of them to the year, each invoiced as previewed`;
        } finally {
          await world.close();
        }
      }, careless),
    ),
  faults: async () => {
    for (const shape of values.shapes.split(',')) {
      if (shape !== 'all' && shape !== 'split') throw new Error('--shapes takes all and split');
      await prove(`kill -9, ${shape === 'all' ? 'one process' : 'server and worker'}`, async () => {
        const { kills, requests, statuses } = await proveFaults({
          shape,
          seed,
          kills: Number(values.kills),
          onKill: ({ victim, drainedMs }) => progress(`${victim}: free after ${drainedMs} ms`),
        });
        const slowest = Math.max(...kills.map((kill) => kill.drainedMs));
        const shown = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
        return (
          `${kills.length} kills, ${requests} requests (${shown.join(', ')}), ` +
          `all free after ${slowest} ms at the latest`
        );
      });
    }
  },
};

for (const name of values.only.split(',')) {
  const part = parts[name];
  if (part === undefined) throw new Error(`--only takes ${Object.keys(parts).join(', ')}`);
  await part();
}
process.stdout.write(`
${new Date().toISOString().slice(0, 10)}, PROOF_SEED=${seed}, ${cpus().length} × ${
  cpus()[0]?.model ?? 'unknown'
}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}

| what | result | time |
|---|---|---|
${lines.join('\n')}
`);
