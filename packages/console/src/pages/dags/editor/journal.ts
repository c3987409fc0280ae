import type { DagDefinition } from '@carillon/core'
import type { Edit } from './document.ts'

/** What this browser keeps of a draft, so that a closed tab or a lost server costs nothing: written with every edit. */
export interface JournalEntry {
  readonly key: string
  readonly base: DagDefinition
  readonly edits: readonly Edit[]
  readonly at: number
  /** What the server had last, as far as this browser knows. */
  readonly saved: { readonly definition: DagDefinition; readonly revision: number }
}

const STORE = 'drafts'
let opening: Promise<IDBDatabase | null> | undefined

/** Null where a browser keeps nothing (some private windows): then drafts live on the server alone. */
async function database(): Promise<IDBDatabase | null> {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open('carillon', 1)
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'key' })
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => resolve(null)
      request.onblocked = () => resolve(null)
    } catch {
      resolve(null)
    }
  })
  return opening
}

export async function readJournal(key: string): Promise<JournalEntry | null> {
  const db = await database()
  if (!db) return null
  return new Promise((resolve) => {
    const request = db.transaction(STORE).objectStore(STORE).get(key) as IDBRequest<JournalEntry | undefined>
    request.onsuccess = () => resolve(request.result ?? null)
    request.onerror = () => resolve(null)
  })
}

export async function writeJournal(entry: JournalEntry): Promise<void> {
  const db = await database()
  db?.transaction(STORE, 'readwrite', { durability: 'strict' }).objectStore(STORE).put(entry)
}

export async function forgetJournal(key: string): Promise<void> {
  const db = await database()
  db?.transaction(STORE, 'readwrite').objectStore(STORE).delete(key)
}
