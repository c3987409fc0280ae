import type { Findings } from './findings.ts'
import { codeOfHandler, codeOfJob } from './codes.ts'
import type { XxlJob } from './xxl-tables.ts'

/**
 * What executes the imported tasks. `xxl-job`: the executors that are there, unchanged. `carillon`: executors written anew with an SDK of
 * Carillon, whose handlers keep their names.
 */
export const EXECUTORS = ['xxl-job', 'carillon'] as const
export type Executors = (typeof EXECUTORS)[number]
export const DEFAULT_EXECUTORS: Executors = 'xxl-job'

/** What a task of the job does: its type, and what of the job's parameter is given to it. */
export interface PlannedWork {
  readonly type: PlannedType
  readonly params: Readonly<Record<string, unknown>>
}

export interface PlannedType {
  readonly code: string
  readonly name: string
  readonly app: string
  readonly work: string
  readonly settings: Readonly<Record<string, unknown>>
}

/** The parameter under which the text stands that xxl-job kept for its job. */
const PARAM = 'executorParam'

/** The only place that knows what a job's work becomes. null: nothing that Carillon can do, which has been noted. */
export function workOf(job: XxlJob, app: string, executors: Executors, findings: Findings): PlannedWork | null {
  const made = executors === 'xxl-job' ? unchanged(job, app) : anew(job, app, findings)
  if (typeof made !== 'string') return made
  findings.add('LEFT_OUT', `The job: ${made}`, job.id)
  return null
}

const paramsOf = ({ param }: XxlJob) => (param === '' ? {} : { [PARAM]: param })

/** One type for all jobs of an app that have the same handler. */
function handled(job: XxlJob, app: string, work: string, longest: number): PlannedWork | string {
  const { handler } = job
  if (handler === '') return 'it names no handler'
  if (handler.length > longest) return `the name of its handler is longer than ${longest} characters`
  return {
    type: { code: codeOfHandler(app, handler), name: handler.slice(0, 200), app, work, settings: { handler } },
    params: paramsOf(job),
  }
}

function scripted(job: XxlJob, app: string, work: string, settings: PlannedType['settings']): PlannedType {
  return { code: codeOfJob(job.id), name: `Script of xxl-job ${job.id}`, app, work, settings }
}

const GLUES = ['GLUE_GROOVY', 'GLUE_SHELL', 'GLUE_PYTHON', 'GLUE_PYTHON2', 'GLUE_NODEJS', 'GLUE_POWERSHELL', 'GLUE_PHP']
const LONGEST_SOURCE = 262_144

function unchanged(job: XxlJob, app: string): PlannedWork | string {
  if (job.glueType === 'BEAN') return handled(job, app, 'xxl-job', 255)
  if (!GLUES.includes(job.glueType)) return `its type ${job.glueType} is not known`
  const wrong = wrongScript(job, LONGEST_SOURCE)
  if (wrong !== null) return wrong
  return { type: scripted(job, app, 'xxl-job', { glue: job.glueType, source: job.glueSource }), params: paramsOf(job) }
}

const LANGUAGES: Readonly<Record<string, { readonly language: string; readonly differs: string | null }>> = {
  GLUE_SHELL: { language: 'shell', differs: 'The script is run by /bin/sh, where xxl-job has bash' },
  GLUE_PYTHON: { language: 'python', differs: null },
  GLUE_NODEJS: { language: 'node', differs: 'The script is run as an ES module: it has import, and no require' },
}
const LONGEST_CODE = 65_536

function anew(job: XxlJob, app: string, findings: Findings): PlannedWork | string {
  if (job.glueType === 'BEAN') return handled(job, app, 'handler', 200)
  const script = LANGUAGES[job.glueType]
  if (!script) return `no executor of Carillon runs ${job.glueType}`
  const wrong = wrongScript(job, LONGEST_CODE)
  if (wrong !== null) return wrong
  if (script.differs !== null) findings.add('DIFFERS', script.differs, job.id)
  if (job.route === 'SHARDING_BROADCAST') findings.add('DIFFERS', ARGUMENTS, job.id)
  findings.add('TO_DO', `Start an executor for the scripts of ${app}: carillon executor --app ${app} --allow script`, job.id)
  // As xxl-job calls it: the parameter, the number of the shard, the number of shards.
  const settings = { language: script.language, code: job.glueSource, args: [job.param, '0', '1'] }
  return { type: scripted(job, app, 'script', settings), params: {} }
}

const ARGUMENTS =
  'The script finds its shard in CARILLON_SHARD_INDEX and CARILLON_SHARD_TOTAL; its arguments always say shard 0 of 1'

function wrongScript({ glueSource }: XxlJob, longest: number): string | null {
  if (glueSource.trim() === '') return 'its script is empty'
  return glueSource.length > longest ? `its script is longer than ${longest} characters` : null
}
