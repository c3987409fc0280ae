import type { Socket } from 'node:net'
import pg from 'pg'
import type { Statement } from './sql.ts'

/**
 * The pools of a server node and the two kinds of transaction.
 *
 * - `engine`: batches across tenants, under the role `carillon_engine`. Every input row carries its authenticated tenant and every
 *   statement joins on (tenant_id, id).
 * - `tenant`: one tenant, under the role `carillon_api`; row-level security sees to the rest even if a statement forgot.
 * - `lease`: heartbeats and reports of executors have connections of their own, so that nothing else can starve them.
 * - `aside`: as `engine`, for what may wait and anybody can cause: tokens that nobody knows, log lines, reasons why something waits.
 */
export interface Database {
  engine<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** As `engine`, for one statement that only looks whether there is something to do: it is its own transaction, and costs a third of one. */
  look<T>(select: (tx: Asking) => Promise<T>): Promise<T>
  lease<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  aside<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  tenant<T>(tenantId: number, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** As `tenant`, for what a request only has to look up: it changes nothing, so nobody waits for its end. */
  peek<T>(tenantId: number, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Reads and lists of whoever has a token: as `peek`, with their own pool and time-out. */
  read<T>(tenantId: number, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** As `read`, for people who signed in: however many pages they have open, they wait for each other and for nobody else. */
  console<T>(tenantId: number, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** As `engine`, but changes nothing: what people are shown across tenants, or of the scheduler as a whole. */
  survey<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Looks of live views: as `read`, few and short, so that no number of open pages costs more than these connections. */
  live<T>(tenantId: number, work: (tx: Transaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Rows come with bigint and timestamptz as numbers (identifiers below 2^53, epoch milliseconds). */
export interface Asking {
  query<Row>(statement: Statement, parameters?: readonly unknown[]): Promise<Row[]>
}

export interface Transaction extends Asking {
  /**
   * A change whose answer nobody needs: it travels with the next statement that is waited for, or with COMMIT, and its failure fails the
   * transaction. A round trip costs both processes more than most statements do.
   */
  send(statement: Statement, parameters?: readonly unknown[]): void
  /** The database's clock, read once, when first asked for: epoch milliseconds. */
  now(): Promise<number>
  /** Runs after COMMIT, never after a rollback: wake-ups belong here. */
  afterCommit(action: () => void): void
  /** Runs after a rollback, whatever the reason: what was lent to the transaction is given back here. */
  afterRollback(action: () => void): void
}

export interface PoolSizes {
  readonly engine: number
  readonly api: number
  readonly lease: number
  readonly aside: number
  readonly reads: number
  readonly console: number
  readonly survey: number
  readonly live: number
}

const INT8 = 20
const TIMESTAMPTZ = 1184
const NUMERIC = 1700

/** `2026-11-21 07:31:43.123456+00`, the session being in UTC, to epoch milliseconds. */
function instantOf(text: string): number {
  if (text === 'infinity' || text === '-infinity') throw new Error('An infinite instant was stored; none is expected anywhere.')
  return Date.parse(`${text.replace(' ', 'T')}:00`)
}

const types = {
  getTypeParser(oid: number, format?: string): (value: string) => unknown {
    if (oid === INT8 || oid === NUMERIC) return Number
    if (oid === TIMESTAMPTZ) return instantOf
    return pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown
  },
}

export interface DatabaseOptions {
  readonly url: string
  readonly sizes?: Partial<PoolSizes>
  /** Called with errors of idle connections; the pool replaces them by itself. */
  readonly onError?: (error: Error) => void
}

export function openDatabase(options: DatabaseOptions): Database {
  const sizes: PoolSizes = { engine: 4, api: 6, lease: 2, aside: 2, reads: 3, console: 3, survey: 2, live: 2, ...options.sizes }
  let closing = false
  const onError = (error: Error) => {
    if (!closing) options.onError?.(error)
  }
  const pool = (role: string, size: number, statementMs: number) => createPool({ ...options, onError }, role, size, statementMs)
  const pools = {
    engine: pool(ENGINE, sizes.engine, 5_000),
    lease: pool(ENGINE, sizes.lease, 5_000),
    aside: pool(ENGINE, sizes.aside, 5_000),
    tenant: pool('carillon_api', sizes.api, 5_000),
    read: pool('carillon_api', sizes.reads, 10_000),
    console: pool('carillon_api', sizes.console, LONGEST_LOOK_MS),
    survey: pool(ENGINE, sizes.survey, LONGEST_LOOK_MS),
    live: pool('carillon_api', sizes.live, LONGEST_LOOK_MS),
  }
  return {
    engine: (work) => transact(pools.engine, ENGINE_WRITES, work),
    look: (select) => lookOnce(pools.engine, select),
    lease: (work) => transact(pools.lease, ENGINE_WRITES, work),
    aside: (work) => transact(pools.aside, ENGINE_WRITES, work),
    tenant: (tenantId, work) => transact(pools.tenant, { tenantId, readOnly: false }, work),
    peek: (tenantId, work) => transact(pools.tenant, { tenantId, readOnly: true }, work),
    read: (tenantId, work) => transact(pools.read, { tenantId, readOnly: true }, work),
    console: (tenantId, work) => transact(pools.console, { tenantId, readOnly: true }, work),
    survey: (work) => transact(pools.survey, { tenantId: null, readOnly: true }, work),
    live: (tenantId, work) => transact(pools.live, { tenantId, readOnly: true }, work),
    async close() {
      closing = true
      await Promise.all(Object.values(pools).map((each) => each.end()))
    },
  }
}

const ENGINE = 'carillon_engine'

/** A page that has not come by then is worth less than what it holds up. */
const LONGEST_LOOK_MS = 2_000

/**
 * The engine's statements name their rows by key or by place (`placed`): statistics that are minutes old must not talk it out of that, and
 * there is nothing to gain from planning them anew for each batch.
 */
const BY_KEY = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_memoize: 'off',
  plan_cache_mode: 'force_generic_plan',
}

/** Settings that are part of the contract, not tuning: without the idle time-out a paused node would hide the rows it has locked. */
function createPool(options: DatabaseOptions, role: string, max: number, statementMs: number): pg.Pool {
  const settings = {
    role,
    TimeZone: 'UTC',
    statement_timeout: statementMs,
    lock_timeout: 2_000,
    idle_in_transaction_session_timeout: 5_000,
    jit: 'off',
    ...(role === ENGINE ? BY_KEY : {}),
    application_name: 'carillon',
  }
  const pool = new pg.Pool({
    connectionString: options.url,
    max,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    pipeline: true,
    types,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
  } as pg.PoolConfig)
  pool.on('error', (error) => options.onError?.(error))
  // A connection that is lost while it is lent out tells its borrower by a failed query, and then everybody: unheard, that ends the process.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

/** Our own transactions never live longer; a server below 17 has no `transaction_timeout` to see to it. */
const LONGEST_TRANSACTION_MS = 10_000
/** As a server that has it says it. */
const TRANSACTION_TIMEOUT = '25P04'
/** Deadlock and serialization failure: the whole function is run again on a fresh transaction. */
const RETRIED = new Set(['40P01', '40001'])
const TRIES = 5

const codeOf = (error: unknown) => (error as { code?: string }).code

const SET_TENANT = { name: 'transaction.tenant', text: `select set_config('app.tenant', $1, true)` }
const NOW = { name: 'transaction.now', text: `select to_ms(statement_timestamp()) as now` }

interface Mode {
  readonly tenantId: number | null
  readonly readOnly: boolean
}

const ENGINE_WRITES: Mode = { tenantId: null, readOnly: false }

async function transact<T>(pool: pg.Pool, mode: Mode, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transactOnce(pool, mode, work)
    } catch (error) {
      if (attempt >= TRIES || !RETRIED.has(codeOf(error) ?? '')) throw error
    }
  }
}

async function transactOnce<T>(pool: pg.Pool, { tenantId, readOnly }: Mode, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const connection = await borrow(pool)
  const after: Endings = { commit: [], rollback: [] }
  let result: T
  const tx = transactionOn(connection, after)
  try {
    // BEGIN and the tenant travel in the same packet as the first statement; a failure of theirs fails that one too.
    gatherWrites(connection.client)
    const opening = Promise.all([
      connection.client.query(readOnly ? 'BEGIN READ ONLY' : 'BEGIN'),
      ...(tenantId === null ? [] : [connection.client.query({ ...SET_TENANT, values: [String(tenantId)] })]),
    ])
    opening.catch(() => undefined)
    result = await work(tx)
    const ended = end(connection)
    // Whoever borrows the connection next speaks after this COMMIT.
    if (readOnly) ended.catch(() => undefined)
    else await Promise.all([opening, ended])
    const failure = tx.failure()
    if (failure) throw failure
    connection.giveBack()
  } catch (error) {
    await connection.rollBack()
    after.rollback.forEach(runHint)
    throw connection.failure() ?? tx.failure() ?? tx.causeOf(error)
  }
  after.commit.forEach(runHint)
  return result
}

/** The loops of a node look many times a second and find nothing: BEGIN and COMMIT around that would be most of what an idle node costs. */
async function lookOnce<T>(pool: pg.Pool, select: (tx: Asking) => Promise<T>): Promise<T> {
  const connection = await borrow(pool)
  const tx = transactionOn(connection, { commit: [], rollback: [] })
  let looked = false
  const query: Asking['query'] = (statement, parameters) => {
    if (looked) throw new Error(`The statement ${statement.name} is the second of a look: several need a transaction.`)
    looked = true
    return tx.query(statement, parameters)
  }
  try {
    return await select({ query })
  } catch (error) {
    throw connection.failure() ?? error
  } finally {
    connection.giveBack()
  }
}

/** What a transaction leaves to be done after its end. */
interface Endings {
  readonly commit: (() => void)[]
  readonly rollback: (() => void)[]
}

/** A transaction of which a statement has failed answers COMMIT by rolling back. */
async function end({ client, seal }: Connection): Promise<void> {
  seal()
  gatherWrites(client)
  const { command } = await client.query('COMMIT')
  if (command !== 'COMMIT') throw new Error('The transaction was rolled back because one of its statements had failed.')
}

/**
 * What is sent in one turn of the event loop leaves in one write. Each write is a system call, dearer than most statements are for this
 * process, and statements come in groups.
 */
function gatherWrites(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  if (stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}

/** What is committed is committed: a wake-up that fails costs a poll interval and must not look like a failed transaction. */
function runHint(action: () => void): void {
  try {
    action()
  } catch {
    // Nothing depends on it.
  }
}

/**
 * A connection for one transaction. From the moment at which its end is sent it refuses statements: they would run in no transaction, or in
 * somebody else's.
 */
interface Connection {
  readonly client: pg.PoolClient
  isOpen(): boolean
  /** Its end is about to be sent. */
  seal(): void
  giveBack(): void
  rollBack(): Promise<void>
  /** Set when the transaction was ended from outside. */
  failure(): Error | undefined
}

async function borrow(pool: pg.Pool): Promise<Connection> {
  const client = await pool.connect()
  let open = true
  let lent = true
  let failure: Error | undefined
  const seal = () => {
    open = false
  }
  const release = (error?: Error) => {
    if (!lent) return
    lent = false
    seal()
    clearTimeout(watchdog)
    client.release(error)
  }
  const watchdog = setTimeout(() => {
    failure = Object.assign(new Error(`A transaction took longer than ${LONGEST_TRANSACTION_MS} ms and was ended.`), {
      code: TRANSACTION_TIMEOUT,
    })
    release(failure)
  }, LONGEST_TRANSACTION_MS)
  return {
    client,
    isOpen: () => open,
    seal,
    giveBack: () => release(),
    async rollBack() {
      if (!lent) return
      seal()
      await client.query('ROLLBACK').then(
        () => release(),
        (error: Error) => release(error),
      )
    },
    failure: () => failure,
  }
}

/** As the client's own `query`, which first copies what it is given, property by property: that costs more than the rest of sending it. */
function rowsOf<Row>(client: pg.PoolClient, name: string, text: string, values: readonly unknown[]): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | undefined, result: { rows: unknown[] }) =>
      error ? reject(error) : resolve(result.rows as Row[])
    client.query(Object.assign(new pg.Query(text, values as unknown[], answered), { name }))
  })
}

/** A statement of a transaction in which another has failed before it. */
const FOLLOWED_A_FAILURE = '25P02'

interface OwnTransaction extends Transaction {
  /** Of the first statement that was sent without waiting, whose followers failed only because it did. */
  failure(): Error | undefined
  /** What made the transaction fail. Statements are sent several at once, so the answer that is noticed first need not be it. */
  causeOf(error: unknown): unknown
}

function transactionOn(connection: Connection, after: Endings): OwnTransaction {
  let failure: Error | undefined
  let cause: unknown
  const query = async <Row>({ name, text }: Statement, parameters: readonly unknown[] = []): Promise<Row[]> => {
    if (!connection.isOpen()) throw new Error(`The statement ${name} came after the end of its transaction.`)
    gatherWrites(connection.client)
    try {
      return await rowsOf<Row>(connection.client, name, text, parameters)
    } catch (error) {
      // It was made where the answer was read; whoever asked is what its trace is to tell.
      if (error instanceof Error) Error.captureStackTrace(error)
      if (codeOf(error) !== FOLLOWED_A_FAILURE) cause = error
      throw error
    }
  }
  let clock: Promise<number> | undefined
  return {
    query,
    send: (statement, parameters) =>
      void query(statement, parameters).catch((error: unknown) => {
        failure ??= error as Error
      }),
    failure: () => failure,
    causeOf: (error) => (codeOf(error) === FOLLOWED_A_FAILURE ? (cause ?? error) : error),
    now: () => (clock ??= query<{ now: number }>(NOW).then((rows) => rows[0]!.now)),
    afterCommit: (action) => void after.commit.push(action),
    afterRollback: (action) => void after.rollback.push(action),
  }
}
