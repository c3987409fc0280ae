// A server node as a process. E2E_SERVER_MODULE names the build to run, if it is not the product's own: a mutant.
import type * as server from '@carillon/server'
import { endWithParent, sayReady } from './end-with-parent.ts'

const { loadConfig, startServer } = (await import(process.env.E2E_SERVER_MODULE ?? '@carillon/server')) as typeof server

endWithParent()
const running = await startServer(loadConfig())
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)))
sayReady({ url: running.url })
