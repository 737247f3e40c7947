import { openProvingGround } from '../packages/server/src/proof/proving-ground.ts';
import { playScenario, scenarios } from '../packages/server/src/proof/test-mode/scenarios.ts';

/**
 * `npm run stripe-test-mode`: the scenarios that `npm test` plays on the simulator, against Stripe's own
 * test mode, on test clocks, which are deleted again with their customers.
 */
const secretKey = process.env['STRIPE_TEST_SECRET_KEY'] ?? '';
const apiBase = process.env['STRIPE_TEST_API_BASE'] ?? 'https://api.stripe.com';

if (secretKey === '') {
  console.error(
    'DID NOT RUN: set STRIPE_TEST_SECRET_KEY to a key of Stripe’s test mode (sk_test_…).',
  );
  process.exitCode = 2;
} else if (!/^[sr]k_test_/.test(secretKey)) {
  console.error('DID NOT RUN: STRIPE_TEST_SECRET_KEY must begin with sk_test_ or rk_test_.');
  process.exitCode = 2;
} else {
  const ground = await openProvingGround(false);
  try {
    for (const scenario of scenarios) {
      const options = { db: ground.servers[0], secretKey, apiBase };
      const wrong = await playScenario(options, scenario);
      console.log(`${wrong.length === 0 ? '✓' : '✗'} ${scenario.name}`);
      for (const line of wrong) console.log(`    ${line}`);
      if (wrong.length > 0) process.exitCode = 1;
    }
  } finally {
    await ground.close();
  }
}
