import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Route } from '@carillon/contract'
import { startTestApi, type TestAnswer, type TestApi } from './api.test-helper.ts'
import {
  everyRoute,
  seed,
  seedPlatform,
  urlOf,
  type NamedRoute,
  type ObjectName,
  type Objects,
} from './every-route.test-helper.ts'

// The isolation matrix: every route, with another tenant's identifier in every place where an identifier may stand. The answer must be,
// byte for byte, that to an identifier which does not exist, and nothing of the other tenant may change. It runs twice: as installed,
// and with row-level security switched off, when only the API is left. The third run, with only row-level security left, stands below.

type Seeded = Objects & { executorToken: string }

interface Matrix {
  readonly api: TestApi
  readonly ofA: Seeded
  readonly ofB: Seeded
  /** Where tenant B is asked for by somebody who signed in: the cookie of a new session, because one may not ask for so much at once. */
  readonly signIn?: () => Promise<string>
}

async function startMatrix(onFault?: () => void): Promise<Matrix> {
  const api = await startTestApi(onFault ? { onFault } : {})
  const [ofA, ofB] = [await seed(api, api.tenantA, 'a-'), await seed(api, api.tenantB, 'b-')]
  await seedPlatform(api, api.tenantA.id)
  return { api, ofA, ofB }
}

/** Which objects a route's request names. */
function objectsOf({ build }: NamedRoute): ObjectName[] {
  const used = new Set<ObjectName>()
  build(new Proxy({} as Objects, { get: (_, name) => (used.add(name as ObjectName), 1) }))
  return [...used]
}

const CODES: Partial<Record<ObjectName, string>> = {
  app: 'a-app',
  type: 'a-type',
  task: 'a-task',
  spareTask: 'a-spare-task',
  calendar: 'a-calendar',
  schedule: 'a-schedule',
  dag: 'a-dag',
  secret: 'a-secret',
}
const NOBODYS_ID = 999_999_999_999
const NOBODYS_CODE = 'a-nothing-of-this-kind'

interface Cell {
  readonly each: NamedRoute
  readonly object: ObjectName
  readonly by: 'identifier' | 'code'
}

const cells: Cell[] = everyRoute.flatMap((each) =>
  objectsOf(each).flatMap((object): Cell[] => {
    const named = CODES[object] !== undefined && takesCodes(each)
    return [{ each, object, by: 'identifier' }, ...(named ? [{ each, object, by: 'code' } as const] : [])]
  }),
)

function takesCodes({ name }: NamedRoute): boolean {
  return !name.startsWith('runs.list') && !/^(executor|instances|executors)\./.test(name)
}

async function send(matrix: Matrix, { route, build }: NamedRoute, objects: Objects): Promise<TestAnswer> {
  const { body, ...request } = build(objects)
  const { token, headers } = await callerOf(matrix, route)
  return matrix.api.call({
    method: route.method,
    url: urlOf(route, request),
    ...(token === undefined ? {} : { token }),
    headers: { 'x-request-id': 'the-same', ...headers },
    body,
  })
}

async function callerOf(
  { api, ofB, signIn }: Matrix,
  { access }: Route,
): Promise<{ token?: string; headers?: Record<string, string> }> {
  if (access === 'executor') return { token: ofB.executorToken }
  return signIn === undefined
    ? { token: api.tenantB.owner }
    : { headers: { cookie: await signIn(), 'carillon-tenant': api.tenantB.code } }
}

async function ownerSigningIn({ api }: Matrix): Promise<() => Promise<string>> {
  const OWNER = 90
  await api.root.query(`insert into user_account (id, login, name) values ($1, 'olga', 'Olga')`, [OWNER])
  await api.root.query(`insert into membership (tenant_id, user_id, role) values ($1, $2, 'owner')`, [api.tenantB.id, OWNER])
  return () => api.signIn(OWNER)
}

/** What can be seen of an answer, with what was asked for taken out. */
function visible({ status, text, headers }: TestAnswer, asked: unknown): unknown {
  const { date: _, 'content-length': __, ...rest } = headers
  const generated = /"(id|createdAt|updatedAt|rotatedAt)":\d+/g
  const codes = /"(code|name)":"[a-z]+-\d+"/g
  return {
    status,
    text: text.replaceAll(String(asked), 'ASKED').replace(generated, '"$1":0').replace(codes, '"$1":""'),
    headers: rest,
  }
}

async function contentsOf({ api }: Matrix, tenantId: number): Promise<Record<string, string>> {
  const { rows: tables } = await api.root.query(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
  )
  const sums: Record<string, string> = {}
  for (const { name } of tables) {
    const { rows } = await api.root.query(
      `select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) as sum from ${name} t where tenant_id = $1`,
      [tenantId],
    )
    sums[name] = rows[0].sum
  }
  return sums
}

describe.each(['as installed', 'with row-level security switched off', 'for one who signed in'])(
  "INV-16 S10 another tenant's object does not exist, %s",
  (mode) => {
    let matrix: Matrix
    let before: Record<string, string>
    beforeAll(async () => {
      matrix = await startMatrix()
      if (mode === 'for one who signed in') matrix = { ...matrix, signIn: await ownerSigningIn(matrix) }
      if (mode === 'with row-level security switched off') await switchOffRowLevelSecurity(matrix.api)
      before = await contentsOf(matrix, matrix.api.tenantA.id)
    })
    afterAll(async () => {
      const after = await contentsOf(matrix, matrix.api.tenantA.id)
      await matrix.api.close()
      expect(after).toEqual(before)
    })

    test.each(cells.map((cell) => [`${cell.each.name} of ${cell.object} by ${cell.by}`, cell] as const))(
      '%s',
      async (_, cell) => {
        const { each, object, by } = cell
        const [foreign, nobodys] = by === 'code' ? [CODES[object]!, NOBODYS_CODE] : [matrix.ofA[object], NOBODYS_ID]
        const theirs = await send(matrix, each, { ...matrix.ofB, [object]: foreign })
        const nothing = await send(matrix, each, { ...matrix.ofB, [object]: nobodys })
        expect(visible(theirs, foreign)).toEqual(visible(nothing, nobodys))
        if (each.route.access !== 'platform' && each.route.path.includes(`:`)) expect([200, 404, 422]).toContain(theirs.status)
        expect(theirs.text).not.toMatch(
          /a-(app|type|task|calendar|schedule)\b/.test(String(foreign)) ? /tenant-a/ : /"a-(app|type|task|calendar|schedule)"/,
        )
      },
    )
  },
)

describe('the matrix is complete', () => {
  const named = new Set(cells.map((cell) => cell.each.name))
  /** Routes that name no object of a tenant, and why. */
  const WITHOUT: Readonly<Record<string, string>> = {
    'calendars.list': 'no filter names an object',
    'calendars.create': 'refers to nothing',
    'dags.list': 'no filter names an object',
    'dags.create': 'refers to nothing',
    'dagTemplates.list': 'the product’s own, the same for everyone',
    'dagTemplates.get': 'as list',
    'dagTemplates.copy': 'as list; see templates.test.ts',
    'definitions.apply': 'names objects by code, in its body; see definitions.test.ts',
    'definitions.diff': 'as apply',
    'definitions.schema': 'names nothing',
    'definitions.export': 'its filters name a kind and a code; see definitions.test.ts',
    'apps.list': 'no filter names an object',
    'apps.create': 'refers to nothing',
    'tokens.list': 'no filter names an object',
    'secrets.list': 'no filter names an object',
    'secrets.create': 'refers to nothing',
    'members.list': 'names nothing',
    'members.set': 'a login is not of a tenant; see users.test.ts',
    'members.remove': 'a login is not of a tenant; see users.test.ts',
    'events.deliver': 'names nothing; see node-control.test.ts',
    'session.create': 'names nobody of a tenant',
    'session.get': 'names nothing',
    'session.changePassword': 'names nothing',
    'session.end': 'names nothing',
    'sessions.list': 'names nothing',
    'sessions.end': 'a session is not of a tenant; see sessions.test.ts',
    'audit.list': 'its filters are texts; see audit.test.ts',
    'scheduler.status': 'of the platform',
    'scheduleLoad.get': 'names nothing; see schedules.test.ts',
    'scheduleLoad.days': 'names nothing; see schedules.test.ts',
    'taskTypes.kinds': 'names nothing; see platform.test.ts',
    'overview.get': 'names nothing; see overview.test.ts',
    'meta.whoami': 'names nothing',
    'meta.openapi': 'names nothing',
    'meta.health': 'names nothing',
    'meta.ready': 'names nothing',
    'executor.register': 'names its app by code; see below',
  }

  test('every route is exercised, or says why it need not be', () => {
    const missing = everyRoute.filter(
      ({ name, route }) => !named.has(name) && route.access !== 'platform' && WITHOUT[name] === undefined,
    )
    expect(missing.map(({ name }) => name)).toEqual([])
    expect(Object.keys(WITHOUT).filter((name) => named.has(name))).toEqual([])
  })

  test("every path parameter of a tenant's route is one of the places", () => {
    for (const { name, route, build } of everyRoute) {
      if (route.access === 'platform' || WITHOUT[name] !== undefined) continue
      // Within a DAG, which is such a place, versions are numbered and nodes named.
      const places = (route.path.match(/:[a-zA-Z]+/g) ?? []).filter((place) => !/^:(number|node|from|to)$/.test(place))
      expect([name, objectsOf({ name, route, build }).length >= places.length]).toEqual([name, true])
    }
  })
})

describe("INV-16 row-level security alone keeps a tenant's rows, when the API asks for the wrong tenant", () => {
  // The API is told that it serves tenant A, while its transactions are those of tenant B.
  let matrix: Matrix
  beforeAll(async () => {
    // What row-level security refuses is an error, and a 500: the API was wrong to ask.
    matrix = await startMatrix(() => undefined)
    const { db, tenantA, tenantB } = matrix.api
    const [tenant, read, console] = [db.tenant, db.read, db.console]
    const other = (id: number) => (id === tenantA.id ? tenantB.id : id)
    Object.assign(db, {
      tenant: (id: number, work: never) => tenant(other(id), work),
      read: (id: number, work: never) => read(other(id), work),
      console: (id: number, work: never) => console(other(id), work),
    })
  })
  afterAll(() => matrix.api.close())

  /** They go on as the engine, whose statements are held by the matrix above. */
  const AS_ENGINE =
    /^(sessions?\.|runs\.(cancel|pause|resume|stop|retry|purge|trigger)|executors\.(create|update|remove|bulk)|members\.|events\.|scheduler\.|meta\.|executor\.)/
  /** They show what the product holds, not rows. */
  const NO_ROWS = /^(dagTemplates\.|taskTypes\.kinds$)/
  const own = everyRoute.filter(({ name, route }) => route.access !== 'platform' && !AS_ENGINE.test(name) && !NO_ROWS.test(name))

  test.each(own.map((each) => [each.name, each] as const))('%s', async (_, { route, build }) => {
    const { body, ...request } = build(matrix.ofA)
    const before = await contentsOf(matrix, matrix.api.tenantA.id)
    const answer = await matrix.api.call({
      method: route.method,
      url: urlOf(route, request),
      token: matrix.api.tenantA.owner,
      body,
    })
    expect(answer.text).not.toMatch(/"a-[a-z-]+"/)
    if (route.path.includes(':')) expect(answer.status).toBe(404)
    else if (answer.status === 200 && answer.body.items)
      expect(answer.body.items.filter((item: { ok?: boolean }) => item.ok !== false)).toEqual([])
    else expect([200, 422, 500]).toContain(answer.status)
    expect(await contentsOf(matrix, matrix.api.tenantA.id)).toEqual(before)
  })
})

describe('INV-16 the catalogue', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi()
  })
  afterAll(() => api.close())

  test('every table with a tenant forces row-level security on everyone and has a policy for the API', async () => {
    const { rows } = await api.root.query(
      `select c.relname as name, c.relforcerowsecurity and c.relrowsecurity as forced, c.relispartition
         or exists (select from pg_policy p join pg_roles r on r.oid = any(p.polroles) where p.polrelid = c.oid and r.rolname = 'carillon_api') as policed
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`,
    )
    expect(rows.length).toBeGreaterThan(30)
    expect(rows.filter((row) => !row.forced || !row.policed)).toEqual([])
  })

  test('the roles of the server own nothing and cannot step around policies', async () => {
    const { rows } = await api.root.query(
      `select rolname, rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or exists (select from pg_class where relowner = r.oid) as strong
       from pg_roles r where rolname in ('carillon_api', 'carillon_engine') order by 1`,
    )
    expect(rows).toEqual([
      { rolname: 'carillon_api', strong: false },
      { rolname: 'carillon_engine', strong: false },
    ])
  })

  test('a foreign key between tables of tenants carries the tenant', async () => {
    const { rows } = await api.root.query(
      `select c.conrelid::regclass::text as "from", c.confrelid::regclass::text as "to" from pg_constraint c
       join pg_attribute own on own.attrelid = c.conrelid and own.attname = 'tenant_id'
       join pg_attribute other on other.attrelid = c.confrelid and other.attname = 'tenant_id'
       where c.contype = 'f' and not other.attnum = any(c.confkey)`,
    )
    expect(rows).toEqual([])
  })

  test('a transaction that forgot its tenant fails instead of seeing rows', async () => {
    const { db } = api
    const forgetful = db.tenant(0, async (tx) => {
      await tx.query({ name: '', text: `select set_config('app.tenant', '', true)` })
      return tx.query({ name: '', text: 'select * from task' })
    })
    await expect(forgetful).rejects.toThrow(/invalid input syntax for type bigint/)
  })
})

async function switchOffRowLevelSecurity(api: TestApi): Promise<void> {
  const { rows } = await api.root.query(`select c.oid::regclass::text as name from pg_class c where c.relrowsecurity`)
  for (const { name } of rows) await api.root.query(`alter table ${name} disable row level security`)
}
