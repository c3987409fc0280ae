import type { Policies } from '@carillon/contract'
import { ROUTE_STRATEGIES } from '@carillon/core'
import { executorsOf, type PlannedExecutor } from './by-hand.ts'
import { linksOf } from './children.ts'
import { codeOf, codeOfJob } from './codes.ts'
import { Findings, type Finding } from './findings.ts'
import { policiesOf } from './policies.ts'
import { scheduleOf, type PlannedSchedule } from './schedule.ts'
import { codeOfTree, treesOf, type Children, type Tree } from './trees.ts'
import { workOf, type Executors, type PlannedType } from './work.ts'
import type { Naming, XxlDatabase, XxlGroup, XxlJob, XxlUser } from './xxl-tables.ts'

/** What an import would do, before it does anything. */
export interface ImportPlan {
  readonly naming: Naming
  readonly timezone: string
  readonly apps: readonly PlannedApp[]
  readonly executors: readonly PlannedExecutor[]
  readonly types: readonly PlannedType[]
  readonly tasks: readonly PlannedTask[]
  readonly dags: readonly PlannedDag[]
  readonly findings: readonly Finding[]
  readonly users: readonly XxlUser[]
  /** The highest number of a run in xxl-job's log; executors name their log files by such numbers. */
  readonly lastLogId: number | null
  /** The least log number that executors get from now on. */
  readonly firstLogId: number
}

export interface PlannedApp {
  readonly code: string
  readonly name: string
  /** Numbers of the groups that it stands for. */
  readonly groups: readonly number[]
}

export interface PlannedTask {
  /** Its number in xxl-job. */
  readonly job: number
  readonly code: string
  readonly name: string
  readonly owner: string
  readonly type: string
  readonly params: Readonly<Record<string, unknown>>
  readonly policies: Policies
  readonly schedule: PlannedSchedule | null
  /** xxl-job fired it: its schedule is to be resumed when xxl-job is stopped. */
  readonly ran: boolean
  /** Codes of the tasks that start when it has succeeded. */
  readonly downstream: readonly string[]
  /** The DAG that it is a node of: what starts it and what it starts stands there. */
  readonly dag: string | null
}

export interface PlannedDag {
  /** Number of the job with which it begins. */
  readonly job: number
  readonly code: string
  readonly name: string
  readonly owner: string
  /** Codes of tasks, which its nodes bear too. */
  readonly nodes: readonly string[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
  readonly policies: Pick<Policies, 'concurrency'>
}

export interface PlanOptions {
  /** In which the old admin read its cron expressions. */
  readonly timezone: string
  readonly executors: Executors
  readonly children?: Children
  readonly now: number
  /** Default: those that there are. */
  readonly routes?: readonly string[]
}

/** Pure: the same database, options and `now` make the same plan. */
export function planImport(database: XxlDatabase, options: PlanOptions): ImportPlan {
  const findings = new Findings()
  const apps = appsOf(database.groups, findings)
  const appOf = new Map(apps.flatMap((app) => app.groups.map((group) => [group, app.code])))
  const executors = executorsOf(database.groups, appOf, options.executors, findings)
  const types = new Map<string, PlannedType>()
  const works = new Map(
    database.jobs.flatMap((job) => {
      const app = appOf.get(job.groupId)
      if (app === undefined) findings.add('LEFT_OUT', 'The job: its executor group does not exist, or has no app name', job.id)
      const work = app === undefined ? null : workOf(job, app, options.executors, findings)
      if (work && !types.has(work.type.code)) types.set(work.type.code, work.type)
      return work ? [[job, work] as const] : []
    }),
  )
  const jobs = [...works.keys()]
  const links = linksOf(jobs, findings)
  const alone = jobs.map((job): Omit<PlannedTask, 'downstream' | 'dag'> => {
    const { type, params } = works.get(job)!
    if (UNREADABLE.test(`${job.name}${job.param}${job.glueSource}`)) findings.add('DIFFERS', GARBLED, job.id)
    if (job.alarmEmail !== '') findings.add('LEFT_OUT', 'Its addresses for alarms: nothing tells them', job.id)
    return {
      job: job.id,
      code: codeOfJob(job.id),
      ...namesOf(job),
      type: type.code,
      params,
      policies: policiesOf(job, options.routes ?? ROUTE_STRATEGIES, findings),
      schedule: scheduleOf(job, options.timezone, options.now, findings),
      ran: job.running,
    }
  })
  const firing = new Set(alone.filter(({ ran, schedule }) => ran && schedule !== null).map(({ job }) => job))
  const trees = options.children === 'dag' ? treesOf(jobs, links, ({ id }) => firing.has(id), findings) : []
  const treeOf = new Map(trees.flatMap(({ root, jobs: ids }) => ids.map((id) => [id, codeOfTree(root.id)])))
  const tasks = alone.map((task): PlannedTask => {
    const dag = treeOf.get(task.job) ?? null
    return { ...task, downstream: dag === null ? links.get(task.job)!.map(codeOfJob) : [], dag }
  })
  const { naming, users, lastLogId } = database
  const firstLogId = firstIdOf(options.now)
  if (lastLogId !== null && lastLogId >= firstLogId) findings.add('TO_DO', beyond(lastLogId, firstLogId))
  return {
    naming,
    timezone: options.timezone,
    apps,
    executors,
    types: [...types.values()],
    tasks,
    dags: trees.map((tree) => dagOf(tree, tasks)),
    findings: findings.all(),
    users,
    lastLogId,
    firstLogId,
  }
}

function dagOf({ root, jobs, edges }: Tree, tasks: readonly PlannedTask[]): PlannedDag {
  const { name, owner, policies } = tasks.find(({ job }) => job === root.id)!
  return {
    ...{ job: root.id, code: codeOfTree(root.id), name, owner },
    nodes: jobs.map(codeOfJob),
    edges: edges.map(({ from, to }) => ({ from: codeOfJob(from), to: codeOfJob(to) })),
    policies: { concurrency: policies.concurrency! },
  }
}

const DAY_MS = 86_400_000

/** Numbers of Carillon begin with the day, counted from 1970, above bit 37. Those of xxl-job count from 1. */
const firstIdOf = (now: number): number => Math.floor(now / DAY_MS) * 2 ** 37

const beyond = (last: number, first: number) =>
  `Its log numbers go up to ${last}, and those from now on begin at ${first}: a new one may be one that an executor has a log file of. Move the log files of its executors away first`

/** What a decoder puts where bytes are no UTF-8. */
const UNREADABLE = /\uFFFD/
const GARBLED = 'Some of its text could not be read: dump it with --default-character-set=utf8mb4'
const LONGEST_NAME = 200

function namesOf({ id, name, author }: XxlJob): Pick<PlannedTask, 'name' | 'owner'> {
  return { name: name.slice(0, LONGEST_NAME) || `xxl-job ${id}`, owner: author.slice(0, LONGEST_NAME) }
}

/** Groups of the same app name are one app: executors register by that name, and so serve all of them. */
function appsOf(groups: readonly XxlGroup[], findings: Findings): PlannedApp[] {
  const apps = new Map<string, { code: string; name: string; groups: number[] }>()
  for (const { id, appName, title } of groups) {
    if (appName === '') {
      findings.add('LEFT_OUT', `The executor group ${id} (${title}): it has no app name`)
      continue
    }
    const code = codeOf(appName)
    if (code !== appName)
      findings.add('DIFFERS', `The app ${appName} is called ${code}, as a code has to be; its executors must register under that`)
    const app = apps.get(appName)
    if (app) {
      app.groups.push(id)
      findings.add('DIFFERS', `The groups ${app.groups.join(', ')} have the app name ${appName}, and become one app`)
    } else apps.set(appName, { code, name: title || appName, groups: [id] })
  }
  return [...apps.values()]
}
