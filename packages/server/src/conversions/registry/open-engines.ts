import { chains, chainsForLarge } from './chains.ts';
import type { Availability, Engine } from '../engines/engine.ts';
import { buildRegistry, type Registry } from './registry.ts';
import {
  createRunner,
  type Runner,
  type RunnerEngine,
  type RunnerOptions,
} from '../runner/runner.ts';

/**
 * Finds out which engines work here, starts child processes for those that are preferred for some
 * pair, and offers what may run.
 *
 * @param engines in order of preference
 */
export async function openEngines(
  engines: readonly RunnerEngine[],
  options: Omit<RunnerOptions, 'engines'>,
): Promise<{ registry: Registry; runner: Runner }> {
  const probed = await Promise.all(
    engines.map(async (spec) => ({ spec, engine: await probeOnce(spec.engine) })),
  );
  const possible = await buildRegistry(
    probed.map(({ engine }) => engine),
    chains,
    chainsForLarge,
  );
  const preferred = probed.filter(({ engine }) =>
    engine.pairs.some(({ from, to }) =>
      possible.find(from, to)?.steps.some((step) => step.engine === engine),
    ),
  );
  const runner = await createRunner({ ...options, engines: preferred.map(({ spec }) => spec) });
  const permitted = probed.map(({ engine }) =>
    preferred.some((one) => one.engine === engine) ? withPermission(engine, runner) : engine,
  );
  return { registry: await buildRegistry(permitted, chains, chainsForLarge), runner };
}

async function probeOnce(engine: Engine): Promise<Engine> {
  const availability = await engine.probe().catch((error: unknown): Availability => ({
    available: false,
    reason: error instanceof Error ? error.message : String(error),
  }));
  return { ...engine, probe: async () => availability };
}

/** An engine that may not run here is not offered, and the list of formats says why. */
function withPermission(engine: Engine, runner: Runner): Engine {
  const permission = runner.allows(engine.name);
  if (permission.allowed) return engine;
  const { reason } = permission;
  return { ...engine, probe: async () => ({ available: false, reason }) };
}
