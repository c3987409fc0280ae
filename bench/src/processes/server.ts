import { loadConfig, startServer } from '@carillon/server'
import { serve } from '../harness/child.ts'

/** A server node as people run it: default settings, only the database and the port are the benchmark's. */
const calls = {
  async start(settings: { databaseUrl: string; dataDir: string }) {
    const { url, firstAccess } = await startServer(
      loadConfig({ env: {}, overrides: { ...settings, port: 0, logLevel: 'warn' } }),
      {
        progress: () => undefined,
      },
    )
    return { url, token: firstAccess!.token }
  },
}

export type ServerCalls = typeof calls

serve(calls)
