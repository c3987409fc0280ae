import { availableParallelism } from 'node:os'
import { transform } from 'esbuild'
import { contractRoutes } from './packages/console/vite/contract-routes.ts'
import { defineConfig } from 'vitest/config'

// Tests import the packages' TypeScript sources through the "source" export condition: no build stands between an edit and its test.
const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }

// Node 20 has no decorators and vite's own transform leaves them in: esbuild lowers them, as tsc does in the build.
const decorators = {
  name: 'lower-decorators',
  enforce: 'pre' as const,
  transform(code: string, id: string) {
    if (!id.endsWith('.ts') || !/^\s*@\w+\(/m.test(code)) return undefined
    return transform(code, { loader: 'ts', target: 'es2022', sourcemap: 'inline', sourcefile: id })
  },
}

/** Proofs that take minutes are a command of their own: `npm run test:long`. */
const LONG = '**/*.long.test.ts'

export default defineConfig({
  test: {
    // Also on two cores, where one is the default: most tests wait for PostgreSQL, or for processes of their own.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        ...source,
        plugins: [decorators],
        // Generous: what limits a test here is what it shows, never the speed of the machine.
        test: { name: 'core', include: ['packages/{core,contract,executor}/src/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        ...source,
        test: {
          name: 'server',
          include: ['packages/{runner,server}/src/**/*.test.ts'],
          globalSetup: ['packages/server/src/testing/global-setup.ts'],
          // A first start on a busy machine, initdb included, takes seconds.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...source,
        test: {
          name: 'cli',
          include: ['packages/cli/src/**/*.test.ts', 'examples/src/**/*.test.ts'],
          globalSetup: ['packages/cli/src/testing/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...source,
        plugins: [contractRoutes()],
        test: {
          name: 'console',
          include: ['packages/console/src/**/*.test.ts'],
          setupFiles: ['packages/console/src/browser-globals.test-helper.ts'],
        },
      },
      { ...source, test: { name: 'workspace', include: ['scripts/**/*.test.ts'] } },
      {
        ...source,
        test: {
          name: 'browser',
          include: ['packages/console/browser/**/*.test.ts'],
          exclude: [LONG],
          globalSetup: ['packages/console/browser/global-setup.ts'],
          // One server and one browser for all of them.
          sequence: { groupOrder: 2 },
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      ...(process.argv.includes('long')
        ? [
            {
              ...source,
              test: {
                name: 'long',
                include: [LONG],
                globalSetup: ['packages/console/browser/global-setup.ts'],
                // One server and one browser for all of them.
                sequence: { groupOrder: 2 },
                fileParallelism: false,
                testTimeout: 900_000,
                hookTimeout: 900_000,
              },
            },
          ]
        : []),
      {
        ...source,
        test: {
          name: 'e2e',
          include: ['e2e/src/**/*.test.ts'],
          globalSetup: ['e2e/src/harness/global-setup.ts'],
          // After everything else and one at a time: these tests start processes by the dozen.
          sequence: { groupOrder: 1 },
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
