import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashToken, newSecret } from '../definition/token.ts'
import { openDatabase, type Database, type Transaction } from '../storage/database.ts'
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts'
import { createAuthenticator } from './auth.ts'

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

async function executorToken(): Promise<string> {
  const secret = newSecret()
  const text = `insert into api_token (tenant_id, name, hash, role, created_by) values (1, 'executor', $1, 'executor', 'test')`
  await db.engine((tx) => tx.query({ name: '', text }, [hashToken(secret)]))
  return secret
}

const credentials = (secret: string) => ({ authorization: `Bearer ${secret}`, tenant: undefined })

/** Does `work` while every connection of these pools is lent out: what needs one of them waits until it is over. */
async function withoutConnections<T>(pools: readonly ('engine' | 'lease' | 'aside')[], work: () => Promise<T>): Promise<T> {
  let giveBack = () => {}
  const held = new Promise<void>((resolve) => (giveBack = resolve))
  const sizes = { engine: 4, lease: 2, aside: 2 }
  const lent: Promise<void>[] = []
  const borrowed = pools.flatMap((pool) =>
    Array.from({ length: sizes[pool] }, () => {
      let isLent = () => {}
      lent.push(new Promise<void>((resolve) => (isLent = resolve)))
      return db[pool](async (tx: Transaction) => {
        await tx.now()
        isLent()
        await held
      })
    }),
  )
  await Promise.all(lent)
  try {
    return await work()
  } finally {
    giveBack()
    await Promise.all(borrowed)
  }
}

test('tokens that nobody knows are looked up apart: they take no connection of leases or of the engine', async () => {
  const authenticator = createAuthenticator(db)
  await withoutConnections(['lease', 'engine'], async () => {
    for (const access of ['executor', 'authenticated'] as const)
      await expect(authenticator.authenticate(credentials(newSecret()), access)).rejects.toThrow('Send a valid token')
  })
})

test('an executor that was here before gets through while unknown tokens take all that they can get', async () => {
  const authenticator = createAuthenticator(db)
  const secret = await executorToken()
  await authenticator.authenticate(credentials(secret), 'executor')
  authenticator.forget()
  await withoutConnections(['aside'], async () => {
    expect(await authenticator.authenticate(credentials(secret), 'executor')).toMatchObject({ role: 'executor' })
  })
})
