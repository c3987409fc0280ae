import { blamesItemOrSize, isolate } from '../runtime/isolate.ts'
import type { Transaction } from '../storage/database.ts'
import type { Engine } from './engine.ts'

/** How long what cannot be worked off is put aside. */
const PUT_OFF_MS = 60_000

/**
 * Works off rows that are due, all in one transaction. When one of them makes it fail, the others are worked off without it: that one is put
 * off, and people are told. `work` locks what it is given and looks again.
 */
export async function workOffDue<Key extends { readonly tenantId: number; readonly id: number }>(
  engine: Engine,
  keys: readonly Key[],
  work: (tx: Transaction, keys: readonly Key[]) => Promise<unknown>,
  { what, putOff }: { readonly what: string; readonly putOff: (tx: Transaction, key: Key, until: number) => void },
): Promise<void> {
  if (keys.length === 0) return
  await isolate(
    keys,
    async (some) => {
      await engine.db.engine((tx) => work(tx, some))
      return [...some]
    },
    async (key, error) => {
      engine.report(`${what}.putOff`, { ...key, error: String(error), forMs: PUT_OFF_MS })
      await engine.db.engine(async (tx) => putOff(tx, key, (await tx.now()) + PUT_OFF_MS))
      return key
    },
    blamesItemOrSize,
  )
}
