import { executorRoutes, routes, type Route } from '@carillon/contract'
import type { TestApi, TestTenant } from './api.test-helper.ts'
import { hashPassword } from '../definition/password.ts'
import { loadPresets } from '../presets/load-presets.ts'

/**
 * One valid request for every route, made from the objects of a tenant. The tests that go over all routes (that each works, who may call
 * it, what it does with another tenant's objects, that it is audited) are generated from this table; a route that is missing here
 * does not compile.
 */
export interface Objects {
  readonly app: number
  readonly spareApp: number
  readonly type: number
  readonly spareType: number
  readonly task: number
  readonly spareTask: number
  /** Nothing refers to it. */
  readonly lastTask: number
  readonly calendar: number
  readonly spareCalendar: number
  readonly schedule: number
  readonly spareSchedule: number
  readonly backfill: number
  readonly dag: number
  readonly spareDag: number
  /** With version 1 active, and the drafts 2 and 3. */
  readonly runningDag: number
  /** Live, waiting for an executor. */
  readonly run: number
  readonly pausedRun: number
  readonly spareRun: number
  readonly endedRun: number
  readonly instance: number
  readonly controlledDag: number
  /** Of a run of that DAG: two that wait for approval, two that wait for time. */
  readonly asked: number
  readonly alsoAsked: number
  readonly resting: number
  readonly alsoResting: number
  readonly longResting: number
  readonly executor: number
  readonly spareExecutor: number
  /** Registered by hand. */
  readonly typedExecutor: number
  readonly token: number
  readonly secret: number
  readonly spareSecret: number
  readonly session: number
  /** An instance that the session holds, and its token. */
  readonly held: number
}
export type ObjectName = keyof Objects

export interface RouteRequest {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

type Build = (own: Objects) => RouteRequest

/** Secrets of tokens of the role executor, by the app that they are for: no names of objects. */
const executorTokens = new Map<number, string>()

const typedIn = {
  ...{ address: 'https://typed.example.com', healthUrl: 'https://typed.example.com/health' },
  ...{ handlers: ['h'], capacity: 5 },
}

const allGroups = { ...routes, executor: executorRoutes }
type AllGroups = typeof allGroups
type Table = { readonly [Group in keyof AllGroups]: { readonly [Name in keyof AllGroups[Group]]: Build } }

let counter = 0
const code = (kind: string) => `${kind}-${++counter}`
const none: Build = () => ({})
const logType = { kind: 'log', settings: { message: 'hello' } }
const everyDay = { kind: 'CRON', expression: '0 0 2 * * ?', timezone: 'Europe/Berlin' }
const oneNode = { nodes: [{ code: 'pause', wait: { ms: 1 } }], edges: [] }
const draft = (own: Objects) => ({ dag: own.runningDag, number: 3 })
const revisions = (param: string, name: ObjectName) => ({
  revisions: (own: Objects) => ({ params: { [param]: own[name] } }),
  restore: (own: Objects) => ({ params: { [param]: own[name] }, body: { version: 2, revision: 1 } }),
})

const requests: Table = {
  taskTypes: {
    list: (own) => ({ query: { app: own.app } }),
    create: (own) => ({ body: { code: code('type'), kind: 'handler', settings: { handler: 'h' }, app: own.app } }),
    get: (own) => ({ params: { type: own.type } }),
    update: (own) => ({ params: { type: own.type }, body: { version: 1, name: 'Another', app: own.app } }),
    remove: (own) => ({ params: { type: own.spareType } }),
    copy: (own) => ({ params: { type: own.type }, body: { code: code('type') } }),
    kinds: none,
    ...revisions('type', 'type'),
  },
  tasks: {
    list: (own) => ({ query: { type: own.type } }),
    create: (own) => ({ body: { code: code('task'), type: own.type, downstream: [{ task: own.task }] } }),
    get: (own) => ({ params: { task: own.task } }),
    update: (own) => ({
      params: { task: own.task },
      body: { version: 1, type: own.type, downstream: [{ task: own.spareTask }] },
    }),
    ...revisions('task', 'task'),
    enable: (own) => ({ params: { task: own.task } }),
    disable: (own) => ({ params: { task: own.spareTask } }),
    copy: (own) => ({ params: { task: own.task }, body: { code: code('task') } }),
    bulk: (own) => ({ body: { tasks: [own.task], action: 'label', labels: { a: 'b' } } }),
    remove: (own) => ({ params: { task: own.lastTask } }),
  },
  schedules: {
    list: (own) => ({ query: { task: own.task } }),
    create: (own) => ({
      body: {
        code: code('schedule'),
        task: own.task,
        timing: everyDay,
        calendars: [{ calendar: own.calendar, mode: 'EXCLUDE' }],
      },
    }),
    get: (own) => ({ params: { schedule: own.schedule } }),
    update: (own) => ({
      params: { schedule: own.schedule },
      body: { version: 1, calendars: [{ calendar: own.calendar, mode: 'INCLUDE' }] },
    }),
    ...revisions('schedule', 'schedule'),
    remove: (own) => ({ params: { schedule: own.spareSchedule } }),
    pause: (own) => ({ params: { schedule: own.schedule }, body: { reason: 'why not' } }),
    resume: (own) => ({ params: { schedule: own.schedule } }),
    bulk: (own) => ({ body: { schedules: [own.schedule], action: 'pause' } }),
    preview: (own) => ({ params: { schedule: own.schedule } }),
    previewDraft: (own) => ({ body: { timing: everyDay, calendars: [{ calendar: own.calendar, mode: 'INCLUDE' }] } }),
    count: (own) => ({ params: { schedule: own.schedule }, query: { from: 0, to: 86_400_000 } }),
    fires: (own) => ({ params: { schedule: own.schedule }, query: { backfill: own.backfill } }),
    backfills: (own) => ({ params: { schedule: own.schedule } }),
    createBackfill: (own) => ({
      params: { schedule: own.schedule },
      body: { fromAt: 1_700_000_000_000, toAt: 1_700_100_000_000 },
    }),
    cancelBackfill: (own) => ({ params: { schedule: own.schedule, backfill: own.backfill } }),
  },
  scheduleLoad: { get: none, days: none },
  calendars: {
    list: none,
    create: () => ({ body: { code: code('calendar'), timezone: 'UTC', weekdays: [6, 7] } }),
    get: (own) => ({ params: { calendar: own.calendar } }),
    update: (own) => ({ params: { calendar: own.calendar }, body: { version: 1, days: ['2026-12-24'] } }),
    remove: (own) => ({ params: { calendar: own.spareCalendar } }),
    ...revisions('calendar', 'calendar'),
  },
  dags: {
    list: none,
    create: () => ({ body: { code: code('dag'), policies: { priority: 7 } } }),
    get: (own) => ({ params: { dag: own.dag } }),
    update: (own) => ({ params: { dag: own.dag }, body: { version: 1, name: 'Another' } }),
    ...revisions('dag', 'dag'),
    enable: (own) => ({ params: { dag: own.dag } }),
    disable: (own) => ({ params: { dag: own.dag } }),
    pause: (own) => ({ params: { dag: own.dag }, body: { reason: 'why not' } }),
    resume: (own) => ({ params: { dag: own.dag } }),
    pauseMany: (own) => ({ body: { dags: [own.dag], reason: 'why not' } }),
    resumeMany: (own) => ({ body: { dags: [own.dag] } }),
    bulk: (own) => ({ body: { dags: [own.dag], action: 'label', labels: { a: 'b' } } }),
    setGray: (own) => ({ params: { dag: own.runningDag }, body: { number: 2, percent: 10 } }),
    endGray: (own) => ({ params: { dag: own.runningDag } }),
    remove: (own) => ({ params: { dag: own.spareDag } }),
  },
  dagVersions: {
    list: (own) => ({ params: { dag: own.dag }, query: { state: 'DRAFT' } }),
    create: (own) => ({ params: { dag: own.dag }, body: { definition: oneNode, note: 'first' } }),
    get: (own) => ({ params: { dag: own.dag, number: 2 } }),
    update: (own) => ({ params: { dag: own.dag, number: 2 }, body: { revision: 1, note: 'better' } }),
    validate: (own) => ({ params: { dag: own.dag, number: 2 } }),
    diff: (own) => ({ params: { dag: own.dag, number: 2 }, query: { from: 1 } }),
    dryRun: (own) => ({ params: { dag: own.dag, number: 2 }, body: { outcomes: { pause: { durationMs: 5 } } } }),
    activate: (own) => ({ params: { dag: own.dag, number: 2 }, body: {} }),
    archive: (own) => ({ params: { dag: own.runningDag, number: 1 } }),
    remove: (own) => ({ params: { dag: own.dag, number: 1 } }),
  },
  dagNodes: {
    get: (own) => ({ params: { ...draft(own), node: 'pause' } }),
    add: (own) => ({ params: draft(own), body: { revision: 1, node: { code: 'rest', wait: { ms: 1 } } } }),
    change: (own) => ({
      params: { ...draft(own), node: 'rest' },
      body: { revision: 2, node: { code: 'rest', wait: { ms: 2 } } },
    }),
    addEdge: (own) => ({ params: draft(own), body: { revision: 3, edge: { from: 'pause', to: 'rest' } } }),
    changeEdge: (own) => ({
      params: { ...draft(own), from: 'pause', to: 'rest' },
      body: { revision: 4, condition: 'state == "SUCCESS"' },
    }),
    upstream: (own) => ({ params: { ...draft(own), node: 'rest' } }),
    downstream: (own) => ({ params: { ...draft(own), node: 'rest' } }),
    removeEdge: (own) => ({ params: { ...draft(own), from: 'pause', to: 'rest' }, query: { revision: 5 } }),
    remove: (own) => ({ params: { ...draft(own), node: 'rest' }, query: { revision: 6 } }),
  },
  dagTemplates: {
    list: none,
    get: () => ({ params: { template: 'platform.synchronisation' } }),
    copy: () => ({ params: { template: 'platform.synchronisation' }, body: { code: 'sales' } }),
  },
  definitions: {
    diff: () => ({ body: { documents: [{ kind: 'Calendar', code: 'off', timezone: 'UTC' }] } }),
    apply: () => ({ body: { documents: [{ kind: 'Calendar', code: 'off', timezone: 'UTC' }] } }),
    schema: none,
    export: () => ({ query: { kind: 'Task' } }),
  },
  runs: {
    trigger: (own) => ({ params: { task: own.task }, body: {} }),
    triggerDag: (own) => ({ params: { dag: own.controlledDag }, body: { key: 'customer-42' } }),
    triggerMany: (own) => ({ body: { items: [{ task: own.task }] } }),
    list: (own) => ({ query: { task: own.task, schedule: own.schedule } }),
    get: (own) => ({ params: { run: own.run } }),
    pause: (own) => ({ params: { run: own.run } }),
    resume: (own) => ({ params: { run: own.pausedRun } }),
    cancel: (own) => ({ params: { run: own.spareRun } }),
    retry: (own) => ({ params: { run: own.endedRun } }),
    stopDag: (own) => ({ params: { dag: own.dag } }),
    retryDag: (own) => ({ params: { dag: own.dag }, body: { since: 0 } }),
    stopDags: (own) => ({ body: { dags: [own.dag] } }),
    retryDags: (own) => ({ body: { dags: [own.dag], since: 0 } }),
    cancelMany: (own) => ({ body: { runs: [own.run] } }),
    pauseMany: (own) => ({ body: { runs: [own.run] } }),
    resumeMany: (own) => ({ body: { runs: [own.run] } }),
    retryMany: (own) => ({ body: { runs: [own.endedRun] } }),
    purge: (own) => ({ body: { task: own.task, before: 1 } }),
  },
  runBulk: {
    preview: (own) => ({ body: { action: 'pause', filter: { task: String(own.task), schedule: String(own.schedule) } } }),
    act: (own) => ({ body: { action: 'pause', filter: { task: String(own.task), dag: String(own.dag) }, upTo: own.spareRun } }),
  },
  instances: {
    list: (own) => ({ query: { task: own.task, executor: own.executor } }),
    get: (own) => ({ params: { instance: own.instance } }),
    logs: (own) => ({ params: { instance: own.instance } }),
    logSearch: (own) => ({ params: { instance: own.instance } }),
    logText: (own) => ({ params: { instance: own.instance } }),
    logTail: (own) => ({ params: { instance: own.endedRun } }),
    approve: (own) => ({ params: { instance: own.asked }, body: { comment: 'good' } }),
    reject: (own) => ({ params: { instance: own.alsoAsked }, body: {} }),
    retry: (own) => ({ params: { instance: own.alsoAsked }, body: {} }),
    run: (own) => ({ params: { instance: own.longResting } }),
    skip: (own) => ({ params: { instance: own.resting } }),
    cancel: (own) => ({ params: { instance: own.alsoResting } }),
  },
  instanceBulk: {
    preview: (own) => ({
      body: { action: 'skip', filter: { dag: String(own.runningDag), run: own.run, executor: own.executor } },
    }),
    act: (own) => ({
      body: {
        action: 'cancel',
        filter: { dag: String(own.runningDag), run: own.run, executor: own.executor },
        upTo: own.longResting,
      },
    }),
  },
  events: { deliver: () => ({ body: { name: 'paid', key: '7', payload: { by: 'card' } } }) },
  apps: {
    list: none,
    create: () => ({ body: { code: code('app') } }),
    get: (own) => ({ params: { app: own.app } }),
    update: (own) => ({ params: { app: own.app }, body: { version: 1, ratePerSecond: 5 } }),
    remove: (own) => ({ params: { app: own.spareApp } }),
    ...revisions('app', 'app'),
  },
  executors: {
    list: (own) => ({ query: { app: own.app } }),
    get: (own) => ({ params: { executor: own.executor } }),
    create: (own) => ({ body: { ...typedIn, app: own.app, instance: code('typed') } }),
    createXxlJob: (own) => ({
      body: {
        app: own.app,
        address: `http://${code('typed')}.example.com`,
        callToken: executorTokens.get(own.app) ?? 'a token of nobody at all',
      },
    }),
    update: (own) => ({ params: { executor: own.typedExecutor }, body: { address: 'https://moved.example.com', capacity: 6 } }),
    history: (own) => ({ params: { executor: own.executor } }),
    setStatus: (own) => ({ params: { executor: own.executor }, body: { status: 'MAINTENANCE', reason: 'new disk' } }),
    remove: (own) => ({ params: { executor: own.spareExecutor } }),
    bulk: (own) => ({ body: { executors: [own.executor], action: 'online' } }),
  },
  tenants: {
    list: none,
    create: () => ({ body: { code: code('tenant') } }),
    get: () => ({ params: { tenant: 'tenant-a' } }),
    update: () => ({ params: { tenant: 'tenant-a' }, body: { version: 1, weight: 2 } }),
  },
  users: {
    list: none,
    create: () => ({ body: { login: code('user') } }),
    get: () => ({ params: { user: USER_ID } }),
    update: () => ({ params: { user: USER_ID }, body: { version: 1, name: 'Another' } }),
    resetPassword: () => ({ params: { user: SPARE_USER_ID } }),
    remove: () => ({ params: { user: SPARE_USER_ID } }),
  },
  sessions: {
    list: none,
    end: () => ({ params: { session: SPARE_SESSION_ID } }),
  },
  session: {
    create: () => ({ body: { name: 'member', password: PASSWORD } }),
    get: none,
    changePassword: () => ({ body: { current: PASSWORD, next: `${PASSWORD} again` } }),
    end: none,
  },
  members: {
    list: none,
    set: () => ({ params: { login: 'member' }, body: { role: 'viewer' } }),
    remove: () => ({ params: { login: 'member' } }),
  },
  tokens: {
    list: none,
    create: (own) => ({ body: { name: 'ci', role: 'executor', app: own.app } }),
    get: (own) => ({ params: { token: own.token } }),
    revoke: (own) => ({ params: { token: own.token } }),
  },
  secrets: {
    list: none,
    create: () => ({ body: { name: code('secret'), value: 'canary-created' } }),
    get: (own) => ({ params: { secret: own.secret } }),
    update: (own) => ({ params: { secret: own.secret }, body: { version: 1, usableBy: { tasks: ['task'] } } }),
    rotate: (own) => ({ params: { secret: own.secret }, body: { value: 'canary-rotated' } }),
    remove: (own) => ({ params: { secret: own.spareSecret } }),
  },
  audit: { list: none },
  scheduler: {
    status: none,
    stop: none,
    drain: none,
    start: none,
    stopNode: () => ({ params: { node: 'node-1' } }),
    drainNode: () => ({ params: { node: 'node-1' } }),
    startNode: () => ({ params: { node: 'node-1' } }),
  },
  overview: { get: none, platform: none, nodes: none },
  meta: { whoami: none, openapi: none, health: none, ready: none },
  executor: {
    register: () => ({
      body: { protocol: 1, app: 'app', instance: code('instance'), mode: 'PULL', handlers: ['h'], capacity: 1 },
    }),
    heartbeat: (own) => ({ body: { session: own.session, running: [] } }),
    claim: (own) => ({ body: { session: own.session, seq: 7, max: 0, waitMs: 0 } }),
    logs: (own) => ({
      body: {
        session: own.session,
        items: [{ instance: own.held, token: 1, lines: [{ seq: 1, at: 1, level: 'INFO', source: 'handler', text: 'x' }] }],
      },
    }),
    report: (own) => ({ body: { session: own.session, items: [{ kind: 'SUCCESS', instance: own.held, token: 1 }] } }),
    callback: (own) => ({ body: { session: own.session, instance: own.held, token: 1 } }),
    deregister: (own) => ({ body: { session: own.session } }),
  },
}

const USER_ID = 77
const SPARE_USER_ID = 78
/** Who is signed in. */
export const SIGNED_IN_ID = 79
const SPARE_SESSION_ID = 80
const PASSWORD = 'correct horse battery'

export interface NamedRoute {
  readonly name: string
  readonly route: Route
  readonly build: Build
}

export const everyRoute: readonly NamedRoute[] = Object.entries(allGroups).flatMap(([group, table]) => {
  // In the order of the requests, which is one in which they can be sent one after the other.
  const builds = requests[group as keyof Table] as Readonly<Record<string, Build>>
  return Object.entries(builds).map(([name, build]) => ({
    name: `${group}.${name}`,
    route: (table as Readonly<Record<string, Route>>)[name]!,
    build,
  }))
})

/** Gives a tenant one object, or two, of every kind. */
export async function seed(api: TestApi, tenant: TestTenant, prefix = ''): Promise<Objects & { executorToken: string }> {
  const { client } = tenant
  const named = (name: string) => `${prefix}${name}`
  const app = await client.apps.create({ body: { code: named('app') } })
  // What the template refers to that one request copies; a tenant that is seeded twice has them already.
  for (const name of ['sync-source', 'sync-target'])
    await client.secrets.create({ body: { name, value: 'postgres://' } }).catch(() => undefined)
  const spareApp = await client.apps.create({ body: { code: named('spare-app') } })
  const type = await client.taskTypes.create({
    body: { code: named('type'), kind: 'handler', settings: { handler: 'h' }, app: named('app') },
  })
  const spareType = await client.taskTypes.create({ body: { code: named('spare-type'), ...logType } })
  const task = await client.tasks.create({ body: { code: named('task'), type: named('type') } })
  const spareTask = await client.tasks.create({ body: { code: named('spare-task'), type: named('type') } })
  const lastTask = await client.tasks.create({ body: { code: named('last-task'), type: named('type') } })
  const calendar = await client.calendars.create({ body: { code: named('calendar'), timezone: 'UTC' } })
  const spareCalendar = await client.calendars.create({ body: { code: named('spare-calendar'), timezone: 'UTC' } })
  const timing = { kind: 'CRON', expression: '0 0 2 * * ?', timezone: 'UTC' } as const
  const schedule = await client.schedules.create({ body: { code: named('schedule'), task: named('task'), timing } })
  const spareSchedule = await client.schedules.create({ body: { code: named('spare-schedule'), task: named('task'), timing } })
  const backfill = await client.schedules.createBackfill({
    params: { schedule: named('schedule') },
    body: { fromAt: 0, toAt: 1000 },
  })
  const dag = await client.dags.create({ body: { code: named('dag') } })
  const spareDag = await client.dags.create({ body: { code: named('spare-dag') } })
  await client.dagVersions.create({ params: { dag: named('dag') }, body: { definition: oneNode } })
  const running = await client.dags.create({ body: { code: named('running-dag') } })
  const ofRunning = { params: { dag: named('running-dag') }, body: { definition: oneNode } }
  for (let made = 0; made < 3; made++) await client.dagVersions.create(ofRunning)
  await client.dagVersions.activate({ params: { dag: named('running-dag'), number: 1 }, body: {} })
  const trigger = async () => (await client.runs.trigger({ params: { task: named('task') } })).runId
  const held = await trigger()
  const { session, executor } = await registerAndClaim(api, tenant, named('app'), held)
  const { executor: spareExecutor } = await register(api, tenant, named('app'), 'spare-instance')
  const typed = await client.executors.create({ body: { ...typedIn, app: named('app'), instance: named('typed') } })
  const [run, pausedRun, spareRun, endedRun] = [await trigger(), await trigger(), await trigger(), await trigger()]
  await client.runs.pause({ params: { run: pausedRun } })
  await client.runs.cancel({ params: { run: endedRun } })
  const controlled = await controlledNodes(tenant, named('controlled-dag'))
  const token = await client.tokens.create({ body: { name: 'spare', role: 'viewer' } })
  executorTokens.set(app.id, (await client.tokens.create({ body: { name: 'xxl-job', role: 'executor' } })).secret)
  const secret = await client.secrets.create({ body: { name: named('secret'), value: 'canary' } })
  const spareSecret = await client.secrets.create({ body: { name: named('spare-secret'), value: 'canary' } })
  return {
    secret: secret.id,
    spareSecret: spareSecret.id,
    app: app.id,
    spareApp: spareApp.id,
    type: type.id,
    spareType: spareType.id,
    task: task.id,
    spareTask: spareTask.id,
    lastTask: lastTask.id,
    calendar: calendar.id,
    spareCalendar: spareCalendar.id,
    schedule: schedule.id,
    spareSchedule: spareSchedule.id,
    backfill: backfill.id,
    dag: dag.id,
    spareDag: spareDag.id,
    runningDag: running.id,
    ...{
      run,
      pausedRun,
      spareRun,
      endedRun,
      instance: run,
      executor,
      spareExecutor,
      typedExecutor: typed.id,
      session,
      held,
    },
    ...controlled,
    token: token.id,
    executorToken: await api.token(tenant.id, 'executor'),
  }
}

async function controlledNodes({ client }: TestTenant, dag: string) {
  const [ask, rest] = [{ approval: {} }, { wait: { ms: 86_400_000 } }]
  const nodes = Object.entries({ asked: ask, alsoAsked: ask, resting: rest, alsoResting: rest, longResting: rest })
  const { id: controlledDag } = await client.dags.create({ body: { code: dag } })
  const definition = { nodes: nodes.map(([code, does]) => ({ code, ...does })), edges: [] }
  await client.dagVersions.create({ params: { dag }, body: { definition } })
  await client.dagVersions.activate({ params: { dag, number: 1 }, body: {} })
  const { runId } = await client.runs.triggerDag({ params: { dag }, body: {} })
  const { instances } = await client.runs.get({ params: { run: runId } })
  type Nodes = Pick<Objects, 'asked' | 'alsoAsked' | 'resting' | 'alsoResting' | 'longResting'>
  return { controlledDag, ...(Object.fromEntries(instances.map(({ nodeCode, id }) => [nodeCode, id])) as unknown as Nodes) }
}

async function register(
  api: TestApi,
  tenant: TestTenant,
  app: string,
  instance: string,
): Promise<{ session: number; executor: number }> {
  const token = await api.token(tenant.id, 'executor')
  const body = { protocol: 1, app, instance, mode: 'PULL', handlers: ['h'], capacity: 10 }
  const answer = await api.call({ method: 'POST', url: '/executor/v1/register', token, body })
  if (answer.status !== 200) throw new Error(answer.text)
  return { session: answer.body.session, executor: answer.body.executorId }
}

async function registerAndClaim(api: TestApi, tenant: TestTenant, app: string, instance: number) {
  const registered = await register(api, tenant, app, 'instance')
  const token = await api.token(tenant.id, 'executor')
  const body = { session: registered.session, seq: 1, max: 1, waitMs: 0 }
  const answer = await api.call({ method: 'POST', url: '/executor/v1/claim', token, body })
  if (answer.body?.assignments?.[0]?.instance !== instance) throw new Error(`Expected ${instance}: ${answer.text}`)
  return registered
}

/** What belongs to no tenant: users, of whom one is signed in, and a server node. */
export async function seedPlatform(api: TestApi, memberOf: number): Promise<void> {
  await loadPresets(api.db, { onRefused: refuse })
  const users = `insert into user_account (id, login, name, password_hash) values ($1, 'member', 'Member', $4), ($2, 'spare', 'Spare', null), ($3, 'signed-in', 'Signed in', $4)`
  await api.root.query(users, [USER_ID, SPARE_USER_ID, SIGNED_IN_ID, await hashPassword(PASSWORD)])
  await api.root.query(`insert into membership (tenant_id, user_id, role) values ($1, $2, 'operator')`, [memberOf, USER_ID])
  await api.root.query(
    `insert into user_session (id, user_id, hash, address, expires_at) values ($1, $2, 'spare', '127.0.0.1', now() + interval '1 day')`,
    [SPARE_SESSION_ID, SIGNED_IN_ID],
  )
  await api.root.query(`insert into server_node (id, name, version) values ('node-1', 'node-1', '0')`)
}

export function urlOf(route: Route, { params = {}, query = {} }: RouteRequest): string {
  const path = route.path.replace(/:([a-zA-Z]+)/g, (_, name: string) => encodeURIComponent(String(params[name])))
  const search = new URLSearchParams(Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]))
  return search.size > 0 ? `${path}?${search}` : path
}

function refuse(code: string, error: unknown): never {
  throw new Error(`The preset ${code} was refused.`, { cause: error })
}
