import type { Service } from '../app.ts';
import type { Config } from '../config.ts';
import type { DataFolder } from '../db/data-folder.ts';
import type { Demo } from './first-start.ts';

/** Says what is being brought up, and how long it took. */
export async function describeStep<Result>(
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const startedMs = performance.now();
  process.stdout.write(`  ${name} … `);
  try {
    const result = await work();
    process.stdout.write(`ready (${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`);
    return result;
  } catch (error) {
    process.stdout.write('failed\n');
    throw error;
  }
}

export interface WelcomeFacts {
  readonly service: Service;
  readonly config: Config;
  /** Whom workspaces are billed with. */
  readonly billing: string;
  readonly demo: Demo | null;
  readonly dataFolder: DataFolder;
  /** Null: it goes to standard error. */
  readonly logPath: string | null;
  /** Relative to the clone. */
  readonly samplePath: string;
}

/** The screen a newcomer can act on: where it runs, a key, and a line that converts a file. */
export function printWelcome(facts: WelcomeFacts): void {
  const { service, demo, dataFolder } = facts;
  const url = service.publicUrl;
  const lines = [
    '',
    `Mutate runs at ${url}`,
    '',
    // So that the password is all that has to be typed.
    `  Dashboard     ${url}/${demo === null ? '' : `sign-in?email=${demo.login.email}`}`,
    `  Reference     ${url}/docs`,
    `  Data          ${dataFolder.path}${dataFolder.relocated ? ' (the clone is private)' : ''}`,
    `  Billing       ${facts.billing}`,
    `  Operator key  in ${dataFolder.path}/admin-key`,
    ...(facts.logPath === null ? [] : [`  Log           ${facts.logPath}`]),
    ...(demo === null ? [] : demoLines(demo, url, facts.samplePath)),
    '',
    'Ctrl-C stops everything, the database included.',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function demoLines(demo: Demo, url: string, samplePath: string): string[] {
  const workspace = `${url}/v1/workspaces/${demo.workspaceId}`;
  const authorization = `-H "Authorization: Bearer ${demo.apiKey}"`;
  return [
    '',
    `  Workspace     ${demo.workspaceId} (Demo, Free plan: 100 conversions a month)`,
    `  Login         ${demo.login.email}, password ${demo.login.password}`,
    `  API key       ${demo.apiKey}`,
    '',
    'Convert a workbook:',
    '',
    `  curl -sS ${authorization} \\`,
    `    -F file=@${samplePath} -F to=csv "${workspace}/conversions?response=file"`,
    '',
    'See what it counted:',
    '',
    `  curl -sS ${authorization} ${workspace}/usage`,
  ];
}
