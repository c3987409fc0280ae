// Runs one TypeScript file in a process of its own: node run-typescript.mjs <file> [arguments]. For tests that kill processes, start
// two at once or change the account; they see the sources as every other test does, with no build in between.
import { dirname } from 'node:path'
import { createViteServer } from 'vitest/node'

const [file] = process.argv.splice(2, 1)
const vite = await createViteServer({
  configFile: false,
  envFile: false,
  root: dirname(file),
  logLevel: 'error',
  appType: 'custom',
  cacheDir: process.env.TMPDIR ?? '/tmp',
  server: { middlewareMode: true, watch: null, ws: false, hmr: false },
  optimizeDeps: { noDiscovery: true, include: [] },
  ssr: { resolve: { conditions: ['source'] } },
})
await vite.ssrLoadModule(file)
