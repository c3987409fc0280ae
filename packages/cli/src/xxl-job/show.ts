import { durationOf } from '../moment.ts'
import { printableLine } from '../printable.ts'
import { table, type Column } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { Finding } from './findings.ts'
import type { ImportPlan, PlannedApp, PlannedDag, PlannedTask } from './plan.ts'

const COLUMNS: readonly Column<PlannedTask>[] = [
  { title: 'JOB', text: ({ job }) => String(job), align: 'right' },
  { title: 'TASK', text: ({ code }) => code },
  { title: 'NAME', text: ({ name }) => name },
  { title: 'TYPE', text: ({ type }) => type },
  { title: 'SCHEDULE', text: whenOf },
  { title: 'RAN', text: ({ ran }) => (ran ? 'yes' : 'no') },
  { title: 'THEN', text: ({ downstream, dag }) => (dag === null ? downstream.join(', ') || '-' : `in ${dag}`) },
]

const TITLES: Readonly<Record<Finding['kind'], string>> = {
  LEFT_OUT: 'Not carried over:',
  DIFFERS: 'Works differently:',
  TO_DO: 'To do:',
}

/** The plan as people read it: what becomes of what, then what they have to know. */
export function planText(terminal: Pick<Terminal, 'columns' | 'paint'>, plan: ImportPlan): string {
  const lines = [
    `An xxl-job database with the columns of ${plan.naming}; its times are taken for those of ${plan.timezone}.`,
    printableLine(
      `Task types: ${plan.types.length}, tasks: ${plan.tasks.length}, apps: ${plan.apps.map(appText).join('; ') || 'none'}.`,
    ),
    ...plan.dags.map((dag) => printableLine(dagText(dag))),
    ...logsText(plan),
  ]
  if (plan.tasks.length > 0) lines.push('', table(terminal, COLUMNS, plan.tasks))
  for (const kind of Object.keys(TITLES) as Finding['kind'][]) lines.push(...section(plan, kind))
  return lines.join('\n')
}

const appText = ({ code, groups }: PlannedApp) => `${code} (${groups.length === 1 ? 'group' : 'groups'} ${groups.join(', ')})`

const dagText = ({ code, edges }: PlannedDag) => `DAG ${code}: ${edges.map(({ from, to }) => `${from} → ${to}`).join(', ')}.`

function section(plan: ImportPlan, wanted: Finding['kind']): string[] {
  const found = plan.findings.filter(({ kind }) => kind === wanted).map(({ text, jobs }) => `${jobsText(jobs)}${text}.`)
  const all = wanted === 'LEFT_OUT' ? [...found, ...usersText(plan)] : found
  return all.length === 0 ? [] : ['', TITLES[wanted], ...all.map((text) => `- ${printableLine(text)}`)]
}

const MOST_JOBS = 12

function jobsText(jobs: readonly number[]): string {
  if (jobs.length === 0) return ''
  const more = jobs.length > MOST_JOBS ? ` and ${jobs.length - MOST_JOBS} more` : ''
  return `${jobs.length === 1 ? 'job' : 'jobs'} ${jobs.slice(0, MOST_JOBS).join(', ')}${more}: `
}

function usersText({ users }: ImportPlan): string[] {
  const named = users.map(
    ({ name, admin, groupIds }) => `${name} (${admin ? 'administrator' : `groups ${groupIds.join(', ') || 'none'}`})`,
  )
  return named.length === 0 ? [] : [`Users, who need accounts and passwords of Carillon: ${named.join('; ')}.`]
}

/** Executors name their log files by them. */
function logsText({ lastLogId, firstLogId }: ImportPlan): string[] {
  // Of one that lies beyond, a finding says what to do.
  return lastLogId === null || lastLogId >= firstLogId
    ? []
    : [`Its log numbers end at ${lastLogId}; those that executors get from now on begin with the day, far above.`]
}

function whenOf({ schedule }: PlannedTask): string {
  if (schedule === null) return '-'
  const { timing } = schedule
  return timing.kind === 'CRON'
    ? timing.expression
    : timing.kind === 'FIXED_RATE'
      ? `every ${durationOf(timing.everyMs)}`
      : timing.kind
}
