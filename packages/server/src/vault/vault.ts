import { randomBytes } from 'node:crypto'
import { CarillonError } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { findNewestKey, insertKey, selectKeysNotUnder, updateWrapped, type WrappedKey } from '../storage/secret-key.ts'
import type { SealedSecret } from '../storage/secret.ts'
import type { MasterKey, MasterKeys } from './master-keys.ts'
import { KEY_BYTES, open, seal } from './seal.ts'

/** What a value is bound to. */
export interface SecretPlace {
  readonly tenantId: number
  readonly name: string
  readonly valueVersion: number
}

export interface Sealed {
  readonly keyId: number
  readonly sealed: Buffer
}

export type Opened =
  | { readonly kind: 'VALUE'; readonly value: string }
  /** This node does not have the master key. */
  | { readonly kind: 'LOCKED'; readonly message: string }
  /** The row is not what was written. */
  | { readonly kind: 'DAMAGED'; readonly message: string }

/**
 * Encrypts and decrypts the values of secrets. Each tenant has a data key of its own, which stands in the database wrapped by a master key
 * from the settings: who has only the database, or a dump of it, has nothing.
 */
export interface Vault {
  /** Throws SECRETS_LOCKED where there is no master key. */
  seal(tx: Transaction, place: SecretPlace, value: string): Promise<Sealed>
  open(secret: Omit<SealedSecret, 'usableBy'>): Opened
  /** Wraps up to `most` data keys anew that an older master key wraps; how many these were. */
  rewrap(tx: Transaction, most: number): Promise<number>
}

const NO_KEY =
  'This server has no master key for secrets. Set secrets.key (CARILLON_SECRETS_KEY) or secrets.keyFile: openssl rand -base64 32'

export function createVault(keys: MasterKeys | null): Vault {
  const masters = new Map((keys ? [keys.current, ...keys.previous] : []).map((each) => [each.id, each]))
  const current = (): MasterKey => {
    if (keys) return keys.current
    throw new CarillonError('SECRETS_LOCKED', NO_KEY)
  }
  const unwrap = ({ tenantId, master, wrapped }: Omit<WrappedKey, 'id'>): Buffer | null | undefined => {
    const by = masters.get(master)
    return by && open(by.bytes, wrapped, ['key', tenantId, master])
  }
  return {
    async seal(tx, place, value) {
      const master = current()
      const newest = await findNewestKey(tx, place.tenantId)
      // A key that cannot be opened here is not used any further; what it holds waits for its master key.
      const known = newest && unwrap(newest)
      const plain = known ?? randomBytes(KEY_BYTES)
      const keyId = known ? newest.id : await insertKey(tx, place.tenantId, wrap(master, place.tenantId, plain))
      return { keyId, sealed: seal(plain, Buffer.from(value), boundTo(place)) }
    },
    open(secret) {
      const key = unwrap(secret)
      if (key === undefined)
        return {
          kind: 'LOCKED',
          message: keys ? `It is locked by the master key ${secret.master}, which this server does not have.` : NO_KEY,
        }
      const value = key && open(key, secret.sealed, boundTo(secret))
      return value
        ? { kind: 'VALUE', value: value.toString() }
        : { kind: 'DAMAGED', message: 'What is stored is not what was written.' }
    },
    async rewrap(tx, most) {
      const master = current()
      const found = await selectKeysNotUnder(tx, master.id, most)
      const anew = found.map((key) => {
        const plain = unwrap(key)
        if (plain) return { tenantId: key.tenantId, id: key.id, ...wrap(master, key.tenantId, plain) }
        throw new CarillonError(
          'SECRETS_LOCKED',
          `The data key ${key.id} is wrapped by the master key ${key.master}: name that one in secrets.previousKeys.`,
        )
      })
      await updateWrapped(tx, anew)
      return anew.length
    },
  }
}

function wrap(master: MasterKey, tenantId: number, plain: Buffer): { master: string; wrapped: Buffer } {
  return { master: master.id, wrapped: seal(master.bytes, plain, ['key', tenantId, master.id]) }
}

const boundTo = ({ tenantId, name, valueVersion }: SecretPlace) => ['secret', tenantId, name, valueVersion]
