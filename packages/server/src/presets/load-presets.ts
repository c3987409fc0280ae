import type { DefinitionDocument } from '@carillon/contract'
import { applyDocuments } from '../definition/documents/apply.ts'
import { PLATFORM_TENANT } from '../storage/app.ts'
import type { Database } from '../storage/database.ts'
import { lockSharedTypes } from '../storage/task-type.ts'
import { PRESETS } from './presets.ts'

interface LoadOptions {
  readonly documents?: readonly DefinitionDocument[]
  /** A preset that cannot be brought up to date, as a tenant's tasks do not fit it any more. It stays as it was; the others go on. */
  readonly onRefused: (code: string, error: unknown) => void
}

/**
 * Makes the platform's task types what this version of the product says they are. What is so already is not touched, and of several
 * nodes that start at once one does it. Answers the codes of those that it made or changed.
 */
export async function loadPresets(db: Database, { documents = PRESETS, onRefused }: LoadOptions): Promise<string[]> {
  const changed: string[] = []
  for (const document of documents) {
    try {
      if (await loadOne(db, document)) changed.push(document.code)
    } catch (error) {
      onRefused(document.code, error)
    }
  }
  return changed
}

/** Each in a transaction of its own, across tenants: their tasks of the type get new plans with it. */
function loadOne(db: Database, document: DefinitionDocument): Promise<boolean> {
  return db.engine(async (tx) => {
    await lockSharedTypes(tx)
    const limits = { paramsBytes: Infinity, schemaBytes: Infinity }
    const edit = {
      tx,
      tenantId: PLATFORM_TENANT,
      principal: 'carillon',
      role: 'owner',
      limits,
      requireDays: () => undefined,
    } as const
    const { answer } = await applyDocuments(edit, [document])
    return answer.items[0]!.outcome !== 'UNCHANGED'
  })
}
