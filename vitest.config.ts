import { defineConfig } from 'vitest/config';

/** Projects, so that the tests of the tooling do not wait for a database server. */
export default defineConfig({
  test: {
    // What is missing fails; new golden files are written with `FILE -u` (`-u FILE` runs everything).
    update: 'none',
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // A second is too short where ten other things run; what is so at once does not wait.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'packages',
          include: ['packages/**/src/**/*.test.ts'],
          globalSetup: ['packages/server/src/test/global-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          // Each file starts a server and a browser of its own; reading their sources can be shared.
          isolate: false,
          // A page of a busy machine may take its time.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          include: ['packages/dashboard/browser/*.test.ts'],
          globalSetup: [
            'packages/server/src/test/global-setup.ts',
            'packages/dashboard/browser/global-setup.ts',
          ],
        },
      },
      { extends: true, test: { name: 'scripts', include: ['scripts/**/*.test.ts'] } },
    ],
  },
});
