import type { UsableBy } from '@carillon/contract'
import type { Transaction } from '../storage/database.ts'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import { selectSealed } from '../storage/secret.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import type { Opened, Vault } from '../vault/vault.ts'

/** A secret as an attempt is to have it. */
export interface OpenSecret {
  readonly tenantId: number
  readonly name: string
  readonly usableBy: UsableBy
  readonly opened: Opened
}

export interface SecretKey {
  readonly tenantId: number
  readonly name: string
}

/** Opens secrets, those of a batch in one statement. What was read is believed for a moment, so that a rotation is felt within it. */
export interface SecretCache {
  load(tx: Transaction, keys: readonly SecretKey[]): Promise<(key: SecretKey) => OpenSecret | undefined>
  /** Whether all of these need no look into the database. */
  has(keys: readonly SecretKey[]): boolean
}

const BELIEVED_MS = 2_000
/** Characters of all secrets together; those of each are at least its name's. */
const MOST_TEXT = 10_000_000

export function createSecretCache(vault: Vault): SecretCache {
  const known = createBoundedMap<string, { readonly until: number; readonly secret: OpenSecret }>(
    MOST_TEXT,
    ({ secret: { name, opened } }) => 100 + name.length + ('value' in opened ? opened.value.length : 0),
  )
  const nameOf = ({ tenantId, name }: SecretKey) => `${tenantId}:${name}`
  const find = (key: SecretKey) => {
    const entry = known.get(nameOf(key))
    return entry && entry.until > performance.now() ? entry.secret : undefined
  }
  return {
    has: (keys) => keys.every((key) => find(key) !== undefined),
    async load(tx, keys) {
      const needed = TenantMap.of<string, OpenSecret>([], ({ name }) => name)
      const missing = new Map<string, SecretKey>()
      for (const key of keys) {
        const secret = find(key)
        if (secret) needed.set(key.tenantId, key.name, secret)
        else missing.set(nameOf(key), key)
      }
      if (missing.size > 0) {
        const until = performance.now() + BELIEVED_MS
        for (const row of await selectSealed(tx, [...missing.values()])) {
          const { tenantId, name, usableBy } = row
          const secret = { tenantId, name, usableBy, opened: vault.open(row) }
          known.set(nameOf(row), { until, secret })
          needed.set(tenantId, name, secret)
        }
      }
      return ({ tenantId, name }) => needed.get(tenantId, name)
    },
  }
}
