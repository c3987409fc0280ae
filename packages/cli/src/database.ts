import type { Config } from '@carillon/server'
import { startProgress } from './progress.ts'
import type { Terminal } from './terminal.ts'

export interface DatabaseWork {
  readonly url: string
  /** Receives a line for each step that takes time. */
  readonly step: (line: string) => void
}

/**
 * Works on the database of these settings without being a node: DATABASE_URL, or the embedded one, which may be in use by a node or is
 * started for the purpose. The answer of `work` is said when it has ended.
 */
export async function withDatabase(
  terminal: Terminal,
  config: Config,
  work: (database: DatabaseWork) => Promise<string>,
): Promise<void> {
  const progress = startProgress(terminal)
  try {
    progress.end(await onDatabase(config, (line) => progress.step(line), work))
  } catch (error) {
    progress.end()
    throw error
  }
}

async function onDatabase(
  { databaseUrl, dataDir }: Config,
  step: (line: string) => void,
  work: (database: DatabaseWork) => Promise<string>,
): Promise<string> {
  if (databaseUrl !== undefined) return work({ url: databaseUrl, step })
  const { reachEmbeddedPostgres } = await import('@carillon/server')
  const embedded = await reachEmbeddedPostgres({ dataDir, log: step })
  try {
    return await work({ url: embedded.url, step })
  } finally {
    await embedded.stop()
  }
}
