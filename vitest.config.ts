import { defineConfig } from 'vitest/config'

// Tests import the packages' TypeScript sources through the "source" export condition: no build stands between an edit and its test.
const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }

export default defineConfig({
  test: {
    projects: [
      { ...source, test: { name: 'core', include: ['packages/{core,contract,executor,cli}/src/**/*.test.ts'] } },
      {
        ...source,
        test: {
          name: 'server',
          include: ['packages/server/src/**/*.test.ts'],
          globalSetup: ['packages/server/src/testing/global-setup.ts'],
          // A first start on a busy machine, initdb included, takes seconds.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
