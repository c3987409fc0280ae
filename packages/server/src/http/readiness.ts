import type { Database } from '../storage/database.ts'
import { readMigrations } from '../storage/migrate.ts'
import { schemaState } from '../storage/schema-version.ts'

/** What keeps the node from serving, as a sentence; null when it can. */
export function readinessOf(db: Database): () => Promise<string | null> {
  const own = readMigrations().length
  return async () => {
    const { finished, nodesFrom } = await db.engine(schemaState)
    if (finished < own) return `The database's schema is at version ${finished}; this node needs version ${own}.`
    if (nodesFrom > own) return `The database's schema needs nodes that know version ${nodesFrom}; this one knows ${own}.`
    return null
  }
}
