import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createClient, type Client, type DefinitionDocument } from '@carillon/contract'
import type { Settings } from './settings.ts'
import { WEATHER_REPORT_PARAMS } from './weather/weather-report.ts'
import { weatherYearDocuments } from './weather-year/documents.ts'

export const APP = 'examples'
export const TASK = 'weather-report-seattle'

/**
 * Answers the token of the executor, setting everything up the first time: app, token, task types, tasks, schedule and DAG, all
 * through the public API. Later starts find the kept token and touch nothing: what somebody has changed or deleted since then stays so.
 */
export async function setUp(settings: Settings): Promise<string> {
  const { file, server, token } = settings
  if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { token: string }).token
  if (token === undefined) throw new Error('Set CARILLON_TOKEN to the token of an administrator, for the first start alone.')
  const executorToken = await define(createClient({ baseUrl: server, token }))
  writeFileSync(file, `${JSON.stringify({ token: executorToken }, null, 2)}\n`, { mode: 0o600 })
  return executorToken
}

/** Broken off in the middle, it can be done again: only what is missing is made. */
async function define(client: Client): Promise<string> {
  const { items } = await client.definitions.diff({ body: { documents } })
  const missing = documents.filter((_, index) => items[index]!.outcome === 'CREATED')
  if (missing.length > 0) await client.definitions.apply({ body: { documents: missing } })
  const { secret } = await client.tokens.create({ body: { name: 'examples', role: 'executor', app: APP } })
  return secret
}

const documents: DefinitionDocument[] = [
  { kind: 'App', code: APP, name: 'Examples', description: 'Executors that ship with Carillon' },
  {
    kind: 'TaskType',
    code: 'weather-report',
    name: 'Weather report',
    description: 'Exports daily weather from a table into CSV and sums it up month by month',
    work: 'handler',
    app: APP,
    settings: { handler: 'weather-report' },
    paramsSchema: WEATHER_REPORT_PARAMS,
    defaults: { timeoutMs: 60_000, concurrency: { policy: 'SEQUENTIAL' } },
  },
  {
    kind: 'Task',
    code: TASK,
    name: 'Weather of Seattle',
    type: 'weather-report',
    params: { location: 'Seattle' },
    labels: { example: 'yes' },
  },
  {
    kind: 'Schedule',
    code: 'weather-every-minute',
    task: TASK,
    timing: { kind: 'CRON', expression: '0 * * * * ?', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
  },
  ...weatherYearDocuments(APP),
]
