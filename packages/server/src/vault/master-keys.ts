import { createHash, randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KEY_BYTES } from './seal.ts'

/** A key that wraps data keys. `id`: a fingerprint, which stands beside what it has wrapped. */
export interface MasterKey {
  readonly id: string
  readonly bytes: Buffer
}

/** The key that wraps, and older ones that still open. */
export interface MasterKeys {
  readonly current: MasterKey
  readonly previous: readonly MasterKey[]
}

export interface MasterKeySources {
  /** 32 bytes as base64 or hex. */
  readonly key: string | undefined
  readonly keyFile: string | undefined
  /** Separated by commas. */
  readonly previousKeys: string | undefined
  readonly dataDir: string
}

/** Thrown where a key is set and cannot be used: a node must not start with another one than was meant. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError'
}

const ADVICE = 'a key is 32 random bytes as base64 or hex: openssl rand -base64 32'

/** The keys that the settings name, or that `carillon dev` has left in the data folder; null where there is none. */
export function loadMasterKeys({ key, keyFile, previousKeys, dataDir }: MasterKeySources): MasterKeys | null {
  const written = key ?? readKey(keyFile ?? presentFile(keyFileIn(dataDir)), keyFile === undefined ? 'the data folder' : keyFile)
  if (written === undefined) {
    if (previousKeys !== undefined) throw new MasterKeyError('secrets.previousKeys is set, but secrets.key is not')
    return null
  }
  const previous = previousKeys?.split(',').map((each) => parseKey(each, 'secrets.previousKeys')) ?? []
  return { current: parseKey(written, key === undefined ? 'the key file' : 'secrets.key'), previous }
}

export function keyFileIn(dataDir: string): string {
  return join(dataDir, 'secrets.key')
}

/** Makes the key of a server that one person tries out. A link to a finished file: of two starts at once, the first decides. */
export function keepGeneratedKey(dataDir: string): void {
  const file = keyFileIn(dataDir)
  if (existsSync(file)) return
  mkdirSync(dataDir, { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600 })
  try {
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
}

const presentFile = (file: string) => (existsSync(file) ? file : undefined)

function readKey(file: string | undefined, where: string): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new MasterKeyError(`The master key of secrets in ${where} cannot be read: ${(error as Error).message}`)
  }
}

/** Never tells what was written. */
function parseKey(written: string, where: string): MasterKey {
  const text = written.trim()
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (bytes.length !== KEY_BYTES || !/^[\w+/=-]+$/.test(text))
    throw new MasterKeyError(`${where} does not hold a master key: ${ADVICE}`)
  // Zeros, and everything else that a person types to fill the place.
  if (new Set(bytes).size < 12) throw new MasterKeyError(`${where} holds a key that anybody could guess: ${ADVICE}`)
  return { id: createHash('sha256').update('carillon master key').update(bytes).digest('hex').slice(0, 16), bytes }
}
