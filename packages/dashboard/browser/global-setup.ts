import { join } from 'node:path';
import { buildDashboard } from '../../../scripts/setup/build-dashboard.mjs';

/** What the tests look at is what the sources say now. */
export default async function setup(): Promise<void> {
  await buildDashboard(join(import.meta.dirname, '../../..'), process.execPath);
}
