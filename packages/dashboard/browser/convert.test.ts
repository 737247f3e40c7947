import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/src/db/sql.ts';
import { startWorld, type Visitor, type World } from './world.ts';

const workbook = join(import.meta.dirname, '../../../examples/sales.xlsx');
let world: World;

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterEach(() => world.expectQuiet());
afterAll(() => world.close());

const jobsOf = ({ scene }: Visitor) =>
  world.tested.database.owner.query<{ id: string }>(sql`SELECT id FROM jobs
    WHERE organization_id = ${scene.organizationId} AND status = 'succeeded'`);

/** Requests arrive and their answers are lost, until the function that comes back is called. */
async function loseAnswers(page: Page, urlPattern: string): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  session.on('Fetch.requestPaused', ({ requestId }) => {
    void session.send('Fetch.failRequest', { requestId, errorReason: 'ConnectionReset' });
  });
  const patterns = [{ urlPattern, requestStage: 'Response' as const }];
  await session.send('Fetch.enable', { patterns });
  return () => session.detach();
}

test('a conversion whose answer was lost is not made a second time by "Try again"', async () => {
  const visitor = await world.visit();
  const { page } = visitor;
  await visitor.open('convert');
  await page.setInputFiles('input[type=file]', workbook);
  await page.getByText('Counts 1 of 100 left').waitFor();
  const find = await loseAnswers(page, '*/conversions');
  await page.getByRole('button', { name: 'Convert', exact: true }).click();
  await page.getByRole('alert').getByText('could not be reached').waitFor();
  await expect.poll(() => jobsOf(visitor)).toHaveLength(1);
  await find();
  world.excuse(/net::ERR_CONNECTION_RESET/);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('link', { name: 'Download' }).waitFor();
  expect(await jobsOf(visitor)).toHaveLength(1);
});

test('files wait on the page while somebody looks why one was refused', async () => {
  const visitor = await world.visit({ scene: (plain) => plain.used(100) });
  const { page } = visitor;
  await visitor.open('convert');
  await page.setInputFiles('input[type=file]', workbook);
  await page.getByRole('button', { name: 'Convert', exact: true }).click();
  await page.getByRole('alert').getByRole('link', { name: 'See your limits' }).click();
  await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor();
  await page.goBack();
  const kept = page.getByRole('region', { name: 'sales.xlsx' });
  await kept.getByRole('alert').waitFor();
  expect(await kept.count()).toBe(1);
});

test('why a conversion could not be cancelled is told', async () => {
  const visitor = await world.visit({ scene: (plain) => plain.running(1) });
  const { page, scene, userId } = visitor;
  await visitor.open(`conversions/${scene.jobIds[0]}`);
  await page.getByRole('button', { name: 'Cancel' }).waitFor();
  await world.tested.database.owner.query(sql`UPDATE member SET role = 'billing'
    WHERE user_id = ${userId} AND organization_id = ${scene.organizationId}`);
  const job = `/v1/workspaces/${scene.organizationId}/conversions/${scene.jobIds[0]}`;
  await expect.poll(async () => (await page.request.get(job)).status()).toBe(403);
  await page.getByRole('button', { name: 'Cancel' }).click();
  expect(await page.getByRole('alert').innerText()).toContain('forbidden');
});
