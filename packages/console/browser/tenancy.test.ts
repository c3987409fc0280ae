import type { LiveTopic } from '@carillon/contract'
import type { Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { api, createPerson, openConsole, settle, useBrowser } from './console.ts'
import { until } from './journeys.ts'

useBrowser()

/** In everything of the other tenant that has a text, and in no code or number by which it is asked for. */
const SECRET = 'zanzibar'
const THEIRS = 'theirs'
const OURS = 'ours'
/** No number is ever as high, and no tenant is called so. */
const NEVER = 9_007_199_254_740_000
const NOWHERE = 'nowhere'

let theirs: Awaited<ReturnType<typeof createTheirs>>
let ourRun: number
let neighbour: { login: string; password: string }

beforeAll(async () => {
  await api().tenants.create({ body: { code: THEIRS, name: `${SECRET} & co` } })
  await api().tenants.create({ body: { code: OURS } })
  theirs = await createTheirs()
  ourRun = await createOurs()
  neighbour = await createPerson('neighbour')
  await api(OURS).members.set({ params: { login: neighbour.login }, body: { role: 'owner' } })
})

/** One of everything that has an address or a topic. */
async function createTheirs() {
  const client = api(THEIRS)
  const name = `the ${SECRET} one`
  const app = await client.apps.create({ body: { code: 'app-b', name } })
  const type = await client.taskTypes.create({
    body: { code: 'type-b', name, kind: 'log', settings: { message: `hello ${SECRET}` } },
  })
  const task = await client.tasks.create({ body: { code: 'task-b', name, type: 'type-b' } })
  const dag = await client.dags.create({ body: { code: 'dag-b', name } })
  const nodes = [{ code: 'node-b', name, task: 'task-b' }]
  await client.dagVersions.create({ params: { dag: dag.id }, body: { definition: { nodes, edges: [] } } })
  await client.dagVersions.activate({ params: { dag: dag.id, number: 1 }, body: {} })
  const timing = { kind: 'CRON', expression: '0 0 0 1 1 ? 2099', timezone: 'UTC' } as const
  const schedule = await client.schedules.create({ body: { code: 'schedule-b', name, task: 'task-b', timing } })
  const address = `https://${SECRET}.example.com`
  const executor = await client.executors.create({
    body: { app: 'app-b', instance: name, address, healthUrl: address, handlers: ['h'], capacity: 1 },
  })
  const run = (await client.runs.triggerDag({ params: { dag: dag.id }, body: {} })).runId
  const { instances } = await until(
    () => client.runs.get({ params: { run } }),
    ({ endedAt }) => endedAt !== null,
  )
  const ids = { app, type, task, dag, schedule, executor }
  return { ...mapIds(ids), run, instance: instances[0]!.id }
}

const mapIds = <K extends string>(objects: { readonly [key in K]: { readonly id: number } }) =>
  Object.fromEntries(Object.entries<{ id: number }>(objects).map(([key, { id }]) => [key, id])) as { [key in K]: number }

async function createOurs(): Promise<number> {
  const client = api(OURS)
  await client.taskTypes.create({ body: { code: 'say', kind: 'log', settings: { message: 'ours' } } })
  await client.tasks.create({ body: { code: 'say', type: 'say' } })
  return (await client.runs.trigger({ params: { task: 'say' }, body: {} })).runId
}

/** Their addresses below a tenant, by what the numbers are: theirs, or some that nothing has. */
function linksOf(ids: Readonly<Record<keyof typeof theirs, number>>): readonly string[] {
  const { run, instance, task, type, dag, schedule, executor, app } = ids
  return [
    `/runs/${run}`,
    `/runs/${run}?panel=log&line=1`,
    `/runs?task=${task}`,
    `/instances?run=${run}`,
    `/instances?executor=${executor}`,
    `/runs/${instance}`,
    `/dags/${dag}`,
    `/dags/${dag}?tab=versions&from=1&to=1`,
    `/dags/${dag}/edit?version=1`,
    `/tasks/${task}`,
    `/tasks?run=${task}`,
    `/task-types/${type}`,
    `/schedules/${schedule}`,
    `/schedules/${schedule}?tab=fires`,
    `/executors/${executor}`,
    `/executors/${executor}?tab=history`,
    `/apps/${app}`,
  ]
}

/** Every number, code and request that tells one question from another, as the same sign. */
function leveled(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'R')
    .replaceAll(new RegExp(`\\b(${[...Object.values(theirs), NEVER].join('|')})\\b`, 'g'), 'N')
    .replaceAll(new RegExp(`\\b(${THEIRS}|${NOWHERE})\\b`, 'g'), 'T')
}

const never = () => Object.fromEntries(Object.keys(theirs).map((key) => [key, NEVER])) as typeof theirs

/** All that the API says to the page, from now on. */
function overhear(page: Page): { readonly heard: string[] } {
  const heard: string[] = []
  page.on('response', (response) => {
    if (response.url().includes('/api/'))
      response.text().then(
        (text) => heard.push(`${response.url()} ${text}`),
        () => undefined,
      )
  })
  return { heard }
}

async function seen(page: Page, path: string): Promise<string> {
  await page.goto(path)
  await settle(page)
  return leveled(await page.locator('main').innerText())
}

test("E14: another tenant's links lead where links to nothing lead, and nothing of it is in any answer", async () => {
  const { page, context } = await openConsole({ as: neighbour })
  const { heard } = overhear(page)
  const nothing = linksOf(never())
  for (const [place, link] of linksOf(theirs).entries()) {
    expect(await seen(page, `/t/${OURS}${link}`), link).toBe(await seen(page, `/t/${OURS}${nothing[place]!}`))
  }
  for (const link of ['', '/runs', `/runs/${theirs.run}`, '/schedules?tab=calendar', '/dags/dag-b/edit', '/executors']) {
    expect(await seen(page, `/t/${THEIRS}${link}`), link).toBe(await seen(page, `/t/${NOWHERE}${link}`))
  }
  expect(heard.length).toBeGreaterThan(20)
  // Of somebody who may see it the same ears do hear it.
  const administrator = await openConsole()
  const { heard: told } = overhear(administrator.page)
  await seen(administrator.page, `/t/${THEIRS}/dags/${theirs.dag}`)
  await until(
    async () => told,
    (all) => all.some((line) => line.includes(SECRET)),
  )
  await administrator.context.close()
  expect(heard.filter((line) => line.includes(SECRET))).toEqual([])
  await context.close()
})

test('E14: who asks the API by hand is answered as about what does not exist', async () => {
  const { page, context } = await openConsole({ as: neighbour })
  await page.goto(`/t/${OURS}/runs`)
  const ask = (tenant: string, path: string) =>
    page.evaluate(
      async ([tenant, path]) => {
        const answer = await fetch(`/api/v1${path}`, { headers: { 'carillon-tenant': tenant! } })
        return `${answer.status} ${await answer.text()}`
      },
      [tenant, path],
    )
  const pathsOf = (ids: typeof theirs) => [
    `/runs/${ids.run}`,
    `/runs?dag=${ids.dag}`,
    `/instances/${ids.instance}`,
    `/instances/${ids.instance}/logs`,
    `/instances/${ids.instance}/logs/search?q=${SECRET}`,
    `/dags/${ids.dag}`,
    `/dags/${ids.dag}/versions/1`,
    `/tasks/${ids.task}`,
    `/task-types/${ids.type}`,
    `/schedules/${ids.schedule}/preview`,
    `/schedules/${ids.schedule}/fires`,
    `/executors/${ids.executor}/history`,
    `/apps/${ids.app}`,
  ]
  const nothing = pathsOf(never())
  for (const [place, path] of pathsOf(theirs).entries()) {
    const [inOurs, inTheirs] = [await ask(OURS, path), await ask(THEIRS, path)]
    expect(leveled(inOurs), path).toBe(leveled(await ask(OURS, nothing[place]!)))
    expect(leveled(inTheirs), path).toBe(leveled(await ask(NOWHERE, path)))
    expect(`${inOurs} ${inTheirs}`.replaceAll(`q=${SECRET}`, '')).not.toContain(SECRET)
  }
  await context.close()
})

/** Every kind of topic, asked for in a tenant about these objects. */
function topicsOf(tenant: string, ids: typeof theirs): readonly LiveTopic[] {
  return [
    { kind: 'overview', tenant },
    { kind: 'runs', tenant },
    { kind: 'runs', tenant, query: { task: String(ids.task) } },
    { kind: 'instances', tenant },
    { kind: 'instances', tenant, query: { run: ids.run } },
    { kind: 'instances', tenant, query: { executor: ids.executor } },
    { kind: 'executors', tenant },
    { kind: 'executors', tenant, query: { app: String(ids.app) } },
    { kind: 'schedules', tenant },
    { kind: 'schedules', tenant, query: { task: String(ids.task) } },
    { kind: 'run', tenant, run: ids.run },
    { kind: 'log', tenant, instance: ids.instance },
  ]
}

interface Frame {
  readonly type: string
  readonly id?: number
}

/** Opens a WebSocket in the page with these topics; the answer to each, by its place, and every frame as it came. */
async function subscribe(page: Page, topics: readonly LiveTopic[]) {
  const name = `frames${topics.length}${Math.random()}`
  await page.evaluate(
    ([name, topics]) => {
      const frames: string[] = []
      Object.assign(globalThis, { [name]: frames })
      const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/live`)
      socket.onmessage = ({ data }) => void frames.push(String(data))
      socket.onopen = () => {
        for (const [place, topic] of topics.entries()) socket.send(JSON.stringify({ type: 'subscribe', id: place + 1, topic }))
      }
    },
    [name, topics] as const,
  )
  const frames = () => page.evaluate((name) => (globalThis as unknown as Record<string, string[]>)[name]!, name)
  const read = async () => (await frames()).map((frame) => JSON.parse(frame) as Frame)
  const answered = await until(read, (all) =>
    topics.every((_, place) => all.some(({ id, type }) => id === place + 1 && type !== 'resync')),
  )
  const answers = topics.map((_, place) => answered.find(({ id, type }) => id === place + 1 && type !== 'resync')!)
  return { frames, read, answers }
}

test('E14: no frame of a socket holds anything of another tenant, whatever is subscribed to and whatever happens there', async () => {
  const { page, context } = await openConsole({ as: neighbour })
  await page.goto(`/t/${OURS}/runs`)
  // The same sockets, opened by somebody who may see it, do hold it: what follows can fail.
  const administrator = await openConsole()
  await administrator.page.goto(`/t/${THEIRS}/runs`)
  const shown = await subscribe(administrator.page, topicsOf(THEIRS, theirs))
  expect(shown.answers.map(({ type }) => type)).toEqual(topicsOf(THEIRS, theirs).map(() => 'snapshot'))
  expect((await shown.frames()).join('\n')).toContain(SECRET)

  const inTheirs = await subscribe(page, topicsOf(THEIRS, theirs))
  const inNowhere = await subscribe(page, topicsOf(NOWHERE, theirs))
  const inOurs = await subscribe(page, topicsOf(OURS, theirs))
  const ofNothing = await subscribe(page, topicsOf(OURS, never()))
  expect(inTheirs.answers.map(({ type }) => type)).toEqual(inTheirs.answers.map(() => 'refused'))
  const same = (frame: Frame) => leveled(JSON.stringify({ ...frame, seq: 0 }).replaceAll(/"(serverTime|at)":\d+/g, '"at":0'))
  for (const [place, topic] of topicsOf(OURS, theirs).entries()) {
    expect(same(inTheirs.answers[place]!), JSON.stringify(topic)).toBe(same(inNowhere.answers[place]!))
    // What both show of our own moves on between the two looks.
    if (topic.kind !== 'overview')
      expect(same(inOurs.answers[place]!), JSON.stringify(topic)).toBe(same(ofNothing.answers[place]!))
  }

  // While they are open there is life in both tenants; ours is told.
  const theirNext = (await api(THEIRS).runs.trigger({ params: { task: 'task-b' }, body: {} })).runId
  const ourNext = (await api(OURS).runs.trigger({ params: { task: 'say' }, body: {} })).runId
  expect(ourNext).not.toBe(ourRun)
  await until(
    async () => (await shown.frames()).join('\n'),
    (text) => text.includes(String(theirNext)),
  )
  await until(
    async () => (await inOurs.frames()).join('\n'),
    (text) => text.includes(String(ourNext)) && text.includes('SUCCESS'),
  )
  const all = (await Promise.all([inTheirs, inNowhere, inOurs, ofNothing].map(({ frames }) => frames()))).flat()
  expect(all.filter((frame) => frame.includes(SECRET) || frame.includes(String(theirNext)))).toEqual([])
  await administrator.context.close()
  await context.close()
})

test("E14: the palette does not find another tenant's objects or runs", async () => {
  const { page, context } = await openConsole({ as: neighbour })
  const { heard } = overhear(page)
  await page.goto(`/t/${OURS}/runs`)
  await settle(page)
  await page.keyboard.press('Control+k')
  for (const typed of [String(theirs.run), 'task-b', 'dag-b', 'schedule-b', THEIRS, SECRET]) {
    await page.getByRole('dialog').getByRole('combobox').fill(typed)
    await page.getByRole('dialog').getByRole('status').getByText('Nothing found').waitFor()
  }
  await page.getByRole('dialog').getByRole('combobox').fill(String(ourRun))
  await page.getByRole('option', { name: `Run ${ourRun}` }).waitFor()
  expect(heard.filter((line) => line.replaceAll(`q=${SECRET}`, '').includes(SECRET))).toEqual([])
  await context.close()
})
