import { parseArgs } from 'node:util';
import pg from 'pg';
import { startSimulator } from './simulator.ts';
import { createMemoryJournal } from './store/journal.ts';
import { createPostgresJournal } from './store/postgres-journal.ts';

const usage = `npm run stripe-sim -- [options]
  --port 12111         where to listen; 0 takes any free port
  --host 127.0.0.1     on which address
  --public-url URL     what a browser reaches it under, for the links to its pages
  --database URL       keep the state in this PostgreSQL database, in the schema stripe_sim
  --held-at TIME       hold business time here (RFC 3339) until it is advanced
  --help`;

/** Starts the simulator by itself. Without a database its state ends with it. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '12111' },
      host: { type: 'string', default: '127.0.0.1' },
      'public-url': { type: 'string' },
      database: { type: 'string' },
      'held-at': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const simulator = await startSimulator({
    host: values.host,
    port: portOf(values.port),
    journal: values.database === undefined ? createMemoryJournal() : journalOn(values.database),
    log: (line) => console.error(line),
    ...(values['public-url'] === undefined ? {} : { publicUrl: values['public-url'] }),
    ...(values['held-at'] === undefined ? {} : { heldAt: timeOf(values['held-at']) }),
  });
  console.log(`Stripe simulator on ${simulator.url} (simulated: no money moves)`);
  console.log(
    `Point the stripe client at host ${simulator.host}, port ${simulator.port}, protocol http.`,
  );
  const stop = (): void => void simulator.stop();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

function journalOn(url: string): ReturnType<typeof createPostgresJournal> {
  const { host, port, user, password, database, ssl } = new pg.Client({ connectionString: url });
  return createPostgresJournal({
    host,
    port,
    ssl,
    ...(user === undefined ? {} : { user }),
    ...(database === undefined ? {} : { database }),
    ...(typeof password === 'string' ? { password } : {}),
  });
}

function portOf(text: string): number {
  if (/^\d+$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new Error(`--port ${text}: a port is a number from 0 to 65535.`);
}

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Error(`--held-at ${text}: write it like 2027-06-01T00:00:00Z.`);
  return Math.floor(ms / 1000);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.error(usage);
  process.exitCode = 1;
}
