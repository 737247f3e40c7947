import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { systemClock } from '../../server/src/clock.ts';
import { signedIn } from '../../server/src/test/people.ts';
import { scenario, type Scene } from '../../server/src/test/scenario.ts';
import { form, startTestService, testAdminKey } from '../../server/src/test/service.ts';
import type { TestService } from '../../server/src/test/service.ts';
import { readZip } from '../../server/src/test/zip.ts';
import { exitCodes } from './exit-codes.ts';
import { runCaptured } from './test/run.ts';

let tested: TestService;
let scene: Scene;
let folder: string;
beforeAll(async () => {
  tested = await startTestService();
});
afterAll(() => tested.close());
beforeEach(async () => {
  scene = await scenario(tested.database.db, systemClock).organization('Acme GmbH').create();
  folder = await mkdtemp(join(tmpdir(), 'mutate-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...args: string[]) =>
  runCaptured(args, { MUTATE_API_KEY: scene.apiKey, MUTATE_URL: tested.url });
const operate = (...args: string[]) =>
  runCaptured([...args, '--workspace', scene.organizationId], {
    MUTATE_API_KEY: testAdminKey,
    MUTATE_URL: tested.url,
  });

async function convert(): Promise<void> {
  const reply = await tested.fetch(`/v1/workspaces/${scene.organizationId}/conversions`, {
    method: 'POST',
    key: scene.apiKey,
    body: form({ name: 'a.csv', content: 'a\n1\n' }, { to: 'json' }),
  });
  expect(reply.status).toBe(201);
}

describe('mutate workspace', () => {
  test('shows the settings and changes them', async () => {
    const shown = await run('workspace');
    expect(shown.stdout).toMatch(/Name +Acme GmbH\n/);
    expect(shown.stdout).toMatch(/Files are kept +24 hours\n/);
    const args = ['--retention-hours', '1', '--time-zone', 'Europe/Berlin', '--name', 'Acme AG'];
    const changed = await run('workspace', 'set', ...args);
    expect(changed.stdout).toMatch(/Acme AG\n[^]*kept +1 hour\nTime zone +Europe\/Berlin\n/);
    const refused = await run('workspace', 'set', '--time-zone', 'Atlantis');
    expect(refused).toMatchObject({ code: exitCodes.usage, stdout: '' });
    expect(refused.stderr).toContain('/body/time_zone');
  });

  test('exports to stdout or a file, with the files where a ZIP is asked for', async () => {
    await convert();
    const printed = await run('workspace', 'export');
    expect(printed).toMatchObject({ code: exitCodes.ok, stderr: '' });
    const lines = printed.stdout.trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ kind: 'workspace', name: 'Acme GmbH' });
    expect(await run('workspace', 'export', '--zip', '-o', folder)).toEqual({
      code: exitCodes.ok,
      stdout: '',
      stderr: '',
    });
    const zip = await readZip(await readFile(join(folder, 'workspace.zip')));
    expect([...zip.keys()]).toEqual([
      'workspace.ndjson',
      expect.stringMatching(/^outputs\/job_\w+\/a\.json$/),
    ]);
    const again = await run('workspace', 'export', '--zip', '-o', folder);
    expect(again).toMatchObject({ code: exitCodes.usage });
    expect(again.stderr).toContain('--force');
  });

  test('purges the files of what has ended', async () => {
    await convert();
    const purged = await run('workspace', 'purge');
    expect(purged.stdout).toBe('The files of 1 conversion are deleted.\n');
    expect(JSON.parse((await run('workspace', 'purge', '--json')).stdout)).toEqual({
      object: 'purge',
      purged: 0,
    });
  });

  test('is deleted with its name and the operator’s key, by no key of its own', async () => {
    const byKey = await run('workspace', 'delete', '--confirm', 'Acme GmbH');
    expect(byKey).toMatchObject({ code: exitCodes.credentials, stdout: '' });
    expect(byKey.stderr).toContain('In the dashboard it is open to owner');
    expect((await operate('workspace', 'delete')).stderr).toContain('--confirm');
    const misspelt = await operate('workspace', 'delete', '--confirm', 'Acme');
    expect(misspelt).toMatchObject({ code: exitCodes.usage });
    expect((await operate('workspace', 'delete', '--confirm', 'Acme GmbH')).stdout).toBe(
      'The workspace is deleted.\n',
    );
    expect((await operate('workspace')).code).toBe(exitCodes.usage);
  });
});

describe('mutate keys', () => {
  test('makes a key that works, lists it without its secret, exchanges and revokes it', async () => {
    const made = await run(
      'keys',
      'create',
      'Nightly',
      '--scopes',
      'conversions:write, usage:read',
    );
    const [id = '', secret = ''] = /(key_\w+)[^]*?(mk_live_\w+)/.exec(made.stdout)?.slice(1) ?? [];
    const withKey = async (key: string) =>
      (await runCaptured(['usage'], { MUTATE_API_KEY: key, MUTATE_URL: tested.url })).code;
    expect(await withKey(secret)).toBe(exitCodes.ok);
    const list = await run('keys');
    expect(list.stdout).toMatch(new RegExp(`${id} +…${secret.slice(-4)} +Nightly`));
    expect(list.stdout).not.toContain(secret);
    const rotated = await run('keys', 'rotate', id, '--expires-in', '0', '--json');
    const { key } = JSON.parse(rotated.stdout) as { key: string };
    expect(key).not.toBe(secret);
    expect(await withKey(key)).toBe(exitCodes.ok);
    expect((await run('keys', 'revoke', id)).stdout).toBe(`${id} is revoked.\n`);
    await expect.poll(() => withKey(key), { timeout: 30_000 }).toBe(exitCodes.credentials);
  });

  test('hands on the limits that are asked for', async () => {
    const args = ['--monthly-limit', '5', '--allowed-ips', '10.0.0.0/8, 192.0.2.1'];
    const until = ['--expires', '2099-01-01T00:00:00Z', '--json'];
    const made = await run('keys', 'create', 'Narrow', ...args, ...until);
    expect(JSON.parse(made.stdout)).toMatchObject({
      monthly_limit: 5,
      allowed_ips: ['10.0.0.0/8', '192.0.2.1'],
      expires_at: expect.stringContaining('2099-01-01') as string,
    });
  });
});

describe('mutate members', () => {
  test('lists people and invitations; changes are the operator’s, not a key’s', async () => {
    const { email } = await signedIn(tested, { member: [scene.organizationId, 'member'] });
    const refused = await run('members', 'invite', 'new@example.com');
    expect(refused).toMatchObject({ code: exitCodes.credentials, stdout: '' });
    expect(refused.stderr).toContain('sign in as an owner or admin');
    const invited = await operate('members', 'invite', 'new@example.com', '--role', 'billing');
    expect(invited.stdout).toContain('new@example.com is invited as billing until 2');
    const list = (await run('members')).stdout;
    const member = new RegExp(`(mem_\\w+) +member +${email}`).exec(list)?.[1] ?? '';
    const invitation = /(ivt_\w+) +billing +new@example.com +invited, until/.exec(list)?.[1] ?? '';
    expect((await operate('members', 'role', member, 'admin')).stdout).toContain('admin');
    expect((await operate('members', 'remove', invitation)).stdout).toContain('is taken back');
    expect((await operate('members', 'remove', member)).stdout).toContain('no longer a member');
    expect((await run('members')).stdout).toBe('Nobody is a member.\n');
  });
});

test.each([
  [['workspace', 'explode'], 'There is no "mutate workspace explode"'],
  [['workspace', 'purge', 'now'], 'takes flags only'],
  [['workspace', 'purge', '--confirm', 'x'], 'has no --confirm'],
  [['workspace', 'set'], 'Give --name'],
  [['workspace', 'set', '--retention-hours', '1.5'], 'whole number'],
  [['keys', 'create'], 'takes a name'],
  [['keys', 'list', 'all'], 'takes no argument'],
  [['keys', 'revoke', 'key_1', '--scopes', 'x'], 'has no --scopes'],
  [['keys', 'create', 'A', '--monthly-limit', 'many'], 'whole number'],
  [['keys', 'toString'], 'There is no "mutate keys toString"'],
  [['members', 'role', 'mem_1'], 'takes MEMBER and ROLE'],
  [['members', 'role', 'mem_1', 'king'], 'A role is owner, admin, billing, member'],
  [['members', 'constructor'], 'There is no "mutate members constructor"'],
  [['members', '--role', 'admin'], 'belongs to "mutate members invite"'],
])('%j is a usage error before anything is sent', async (args, words) => {
  const ran = await runCaptured(args, { MUTATE_API_KEY: 'x', MUTATE_URL: 'http://127.0.0.1:1' });
  expect(ran).toMatchObject({ code: exitCodes.usage, stdout: '' });
  expect(ran.stderr).toContain(words);
});
