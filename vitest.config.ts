import { defineConfig } from 'vitest/config'

// Tests import the packages' TypeScript sources through the "source" export condition: no build stands between an edit and its test.
const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } }

export default defineConfig({
  test: {
    projects: [{ ...source, test: { name: 'core', include: ['packages/{core,contract,executor,cli}/src/**/*.test.ts'] } }],
  },
})
