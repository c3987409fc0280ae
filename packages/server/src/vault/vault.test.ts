import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openDatabase, type Database } from '../storage/database.ts'
import { insertSecret, selectSealed } from '../storage/secret.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { keepGeneratedKey, keyFileIn, loadMasterKeys, type MasterKey, type MasterKeys } from './master-keys.ts'
import { createVault, type Vault } from './vault.ts'

let database: TestDatabase
let db: Database
let root: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
  root = new pg.Client({ connectionString: database.url })
  await root.connect()
  await root.query(`insert into tenant (id, code, name) values (201, 't201', 't'), (202, 't202', 't')`)
})
afterAll(async () => {
  await root.end()
  await db.close()
  await database.drop()
})

const keyOf = (bytes: Buffer = randomBytes(32)): MasterKey =>
  loadMasterKeys({ key: bytes.toString('base64'), keyFile: undefined, previousKeys: undefined, dataDir: '/nowhere' })!.current
const keys = (current: MasterKey, ...previous: MasterKey[]): MasterKeys => ({ current, previous })

let made = 0
async function store(vault: Vault, tenantId: number, value: string): Promise<string> {
  const name = `secret-${++made}`
  await db.tenant(tenantId, async (tx) => {
    const sealed = await vault.seal(tx, { tenantId, name, valueVersion: 1 }, value)
    await insertSecret(tx, tenantId, { name, description: '', usableBy: {}, ...sealed, createdBy: 'test' })
  })
  return name
}

async function read(vault: Vault, tenantId: number, name: string) {
  const [row] = await db.engine((tx) => selectSealed(tx, [{ tenantId, name }]))
  return vault.open(row!)
}

describe('SEC-2 the vault', () => {
  test('opens what it has sealed, and the database holds nothing of it', async () => {
    const vault = createVault(keys(keyOf()))
    const name = await store(vault, 201, 'canary-vault-1')
    expect(await read(vault, 201, name)).toEqual({ kind: 'VALUE', value: 'canary-vault-1' })
    const { rows } = await root.query(`select s::text || encode(sealed, 'escape') as text from secret s where name = $1`, [name])
    expect(rows[0].text).not.toContain('canary')
  })

  test('INV-17 does not open a row that was moved to another name, another tenant, or an older version', async () => {
    const vault = createVault(keys(keyOf()))
    const [one, other] = [await store(vault, 201, 'of one'), await store(vault, 201, 'of the other')]
    const foreign = await store(vault, 202, 'of another tenant')
    const copy = `update secret s set (sealed, key_id) = (select sealed, key_id from secret where name = $1) where name = $2`
    await root.query(copy, [one, other])
    expect(await read(vault, 201, other)).toMatchObject({ kind: 'DAMAGED' })
    await root.query(`update secret s set value_version = 2 where name = $1`, [one])
    expect(await read(vault, 201, one)).toMatchObject({ kind: 'DAMAGED' })
    // The key itself is bound to its tenant as well.
    await root.query(
      `update secret_key set wrapped = (select wrapped from secret_key where tenant_id = 201 order by id desc limit 1) where tenant_id = 202`,
    )
    expect(await read(vault, 202, foreign)).toMatchObject({ kind: 'DAMAGED' })
    await root.query(`delete from secret where tenant_id = 202; delete from secret_key where tenant_id = 202`)
  })

  test('a key that is rotated is wrapped anew; afterwards the old one is needed for nothing', async () => {
    await root.query('delete from secret; delete from secret_key')
    const [old, fresh] = [keyOf(), keyOf()]
    const name = await store(createVault(keys(old)), 201, 'kept')
    const between = createVault(keys(fresh, old))
    expect(await read(between, 201, name)).toMatchObject({ kind: 'VALUE', value: 'kept' })
    expect(await db.engine((tx) => between.rewrap(tx, 10))).toBe(1)
    expect(await db.engine((tx) => between.rewrap(tx, 10))).toBe(0)
    expect(await read(createVault(keys(fresh)), 201, name)).toMatchObject({ kind: 'VALUE', value: 'kept' })
    expect(await read(createVault(keys(old)), 201, name)).toMatchObject({ kind: 'LOCKED' })
  })

  test('a rotation without the old key changes nothing and names it', async () => {
    await root.query('delete from secret; delete from secret_key')
    const old = keyOf()
    const name = await store(createVault(keys(old)), 201, 'kept')
    const lost = createVault(keys(keyOf()))
    await expect(db.engine((tx) => lost.rewrap(tx, 10))).rejects.toThrow(old.id)
    expect(await read(createVault(keys(old)), 201, name)).toMatchObject({ kind: 'VALUE' })
  })

  test('without a master key nothing is stored, and the refusal says what to set', async () => {
    await expect(store(createVault(null), 201, 'value')).rejects.toThrow(/CARILLON_SECRETS_KEY/)
  })
})

describe('S02 the master key', () => {
  const none = { key: undefined, keyFile: undefined, previousKeys: undefined }
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'carillon-key-'))
    onTestFinished(() => rmSync(path, { recursive: true }))
    return path
  }

  test('has no default', () => {
    expect(loadMasterKeys({ ...none, dataDir: folder() })).toBeNull()
  })

  test.each([
    ['a password', 'correct horse battery staple'],
    ['too short', Buffer.alloc(16, 7).toString('base64')],
    ['zeros', Buffer.alloc(32).toString('base64')],
    ['a pattern', 'ab'.repeat(32)],
  ])('is refused where it is %s, without telling it', (_, key) => {
    const load = () => loadMasterKeys({ ...none, key, dataDir: '/nowhere' })
    expect(load).toThrow(/openssl rand -base64 32/)
    expect(load).not.toThrow(key)
  })

  test('is read from a file', () => {
    const file = join(folder(), 'key')
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`)
    chmodSync(file, 0o600)
    expect(loadMasterKeys({ ...none, keyFile: file, dataDir: '/nowhere' })!.current.bytes).toHaveLength(32)
    expect(() => loadMasterKeys({ ...none, keyFile: `${file}-gone`, dataDir: '/nowhere' })).toThrow(/cannot be read/)
  })

  test('is made once for a server that is tried out, readable by its owner alone', () => {
    const dataDir = folder()
    keepGeneratedKey(dataDir)
    const first = readFileSync(keyFileIn(dataDir), 'utf8')
    keepGeneratedKey(dataDir)
    expect(readFileSync(keyFileIn(dataDir), 'utf8')).toBe(first)
    expect(statSync(keyFileIn(dataDir)).mode & 0o777).toBe(0o600)
    expect(loadMasterKeys({ ...none, dataDir })).not.toBeNull()
  })
})
