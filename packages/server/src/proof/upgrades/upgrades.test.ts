import { expect, test } from 'vitest';
import { createBillingWorld } from '../../test/billing.ts';
import { proveUpgrades } from './prove-upgrades.ts';

test('the preview is the invoice, in forty random upgrades', async () => {
  const world = await createBillingWorld({ start: '2027-01-31T10:11:12Z' });
  try {
    const { upgrades } = await proveUpgrades({ world, seed: 20_261_126, upgrades: 40 });
    expect(upgrades).toBe(40);
  } finally {
    await world.close();
  }
}, 180_000);
