import type { UsableBy } from '@carillon/contract'
import type { Transaction } from '../storage/database.ts'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import { selectSealed, type SealedSecret } from '../storage/secret.ts'
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

/**
 * Opens secrets, those of a batch in one statement. What was read is believed for a moment, so that a rotation is felt within it; it is kept
 * as it is stored, and opened for each batch anew: values are in memory for no longer than who gives them out needs them.
 */
export interface SecretCache {
  load(tx: Transaction, keys: readonly SecretKey[]): Promise<(key: SecretKey) => OpenSecret | undefined>
}

const BELIEVED_MS = 2_000
/** Characters of all secrets together; those of each are at least its name's. */
const MOST_TEXT = 10_000_000

export function createSecretCache(vault: Vault): SecretCache {
  const known = createBoundedMap<string, { readonly until: number; readonly row: SealedSecret }>(
    MOST_TEXT,
    ({ row: { name, sealed } }) => 100 + name.length + sealed.length,
  )
  const nameOf = ({ tenantId, name }: SecretKey) => `${tenantId}:${name}`
  const find = (key: SecretKey) => {
    const entry = known.get(nameOf(key))
    return entry && entry.until > performance.now() ? entry.row : undefined
  }
  return {
    async load(tx, keys) {
      const distinct = TenantMap.of(keys, (key) => key.name).values()
      const believed = distinct.flatMap((key) => find(key) ?? [])
      const missing = distinct.filter((key) => find(key) === undefined)
      const read = missing.length === 0 ? [] : await selectSealed(tx, missing)
      const until = performance.now() + BELIEVED_MS
      for (const row of read) known.set(nameOf(row), { until, row })
      const opened = [...believed, ...read].map((row): OpenSecret => {
        const { tenantId, name, usableBy } = row
        return { tenantId, name, usableBy, opened: vault.open(row) }
      })
      const secrets = TenantMap.of(opened, (secret) => secret.name)
      return ({ tenantId, name }) => secrets.get(tenantId, name)
    },
  }
}
