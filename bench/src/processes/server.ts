import { loadConfig, startServer, type RunningServer } from '@carillon/server'
import { serve } from '../harness/child.ts'

/** A server node as people run it: default settings, only the database and the port are the benchmark's. */
let running: RunningServer | undefined

const calls = {
  async start(settings: { databaseUrl: string; dataDir: string }) {
    running = await startServer(loadConfig({ env: {}, overrides: { ...settings, port: 0, logLevel: 'warn' } }), {
      progress: () => undefined,
    })
    return { url: running.url, token: running.firstAccess!.token }
  },
}

export type ServerCalls = typeof calls

serve(calls, async () => running?.stop())
