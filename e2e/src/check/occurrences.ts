import type { FireRow } from '../record/dump.ts'
import type { History } from '../record/history.ts'
import type { PromisedSchedule } from '../record/promised.ts'
import { groupBy } from './group.ts'
import { occurrencesOf } from './oracle.ts'
import { verdict, type Verdict } from './verdict.ts'

/**
 * C2. Every occurrence has one decision in the ledger and none has two; a decision to run has one run, and what executors saw of a planned
 * time belongs to that run.
 */
export function checkOccurrences(history: History, least: number): Verdict {
  const { promised, dump } = history
  const rows = groupBy(dump.fires, (fire) => `${fire.tenantId}:${fire.scheduleId}`)
  const next = new Map(dump.dues.map((due) => [`${due.tenantId}:${due.scheduleId}`, due.nextFireAt]))
  const problems = promised.schedules.flatMap((schedule) => {
    const name = `${schedule.tenantId}:${schedule.id}`
    return decisionsOf(schedule, rows.get(name) ?? [], next.get(name) ?? dump.at)
  })
  return verdict(
    'C2 occurrences',
    [...problems, ...runsOf(history), ...seenByExecutors(history)],
    { fires: dump.fires.length, missed: dump.fires.filter((fire) => fire.outcome === 'MISSED').length },
    { fires: least },
  )
}

function decisionsOf(schedule: PromisedSchedule, rows: readonly FireRow[], before: number): string[] {
  const name = `schedule ${schedule.tenantId}:${schedule.id}`
  const expected = occurrencesOf(schedule, before)
  const decisions = new Map(expected.map((at) => [at, 0]))
  const problems: string[] = []
  for (const row of rows) {
    const covered = row.count === 1 ? [row.fireAt] : expected.filter((at) => at >= row.fireAt && at <= row.lastFireAt)
    if (covered.length !== row.count)
      problems.push(`${name}: a row at ${iso(row.fireAt)} counts ${row.count} of ${covered.length}`)
    for (const at of covered) {
      if (decisions.has(at)) decisions.set(at, decisions.get(at)! + 1)
      else problems.push(`${name} was decided at ${iso(at)}, when it had no occurrence`)
    }
  }
  for (const [at, count] of decisions) {
    if (count === 0) problems.push(`${name}: ${iso(at)} is lost, it has no decision`)
    if (count > 1) problems.push(`${name}: ${iso(at)} was decided ${count} times`)
  }
  return problems
}

function runsOf({ dump }: History): string[] {
  const planned = dump.runs.filter((run) => run.origin === 'SCHEDULE')
  const runs = groupBy(planned, (run) => `${run.tenantId}:${run.scheduleId}:${run.fireAt}`)
  const doubled = [...runs]
    .filter(([, same]) => same.length > 1)
    .map(([name, same]) => `fire ${name} has the runs ${same.map((run) => run.id).join(', ')}`)
  const ledger = new Map(dump.fires.map((fire) => [`${fire.tenantId}:${fire.scheduleId}:${fire.fireAt}`, fire]))
  const unknown = planned
    .filter((run) => ledger.get(`${run.tenantId}:${run.scheduleId}:${run.fireAt}`)?.runId !== run.id)
    .map((run) => `run ${run.tenantId}:${run.id} is not the one that the ledger names for its fire`)
  return [...doubled, ...unknown]
}

function seenByExecutors({ dump, truth }: History): string[] {
  const fireOfRun = new Map(dump.runs.map((run) => [`${run.tenantId}:${run.id}`, run.fireAt]))
  return truth.flatMap((record) => {
    if (record.what !== 'start') return []
    const planned = fireOfRun.get(`${record.tenant}:${record.run}`)
    if (planned === undefined) return [`executor ${record.executor} ran ${record.tenant}:${record.run}, a run that nobody knows`]
    return planned === record.fireAt ? [] : [`run ${record.tenant}:${record.run} was told another planned time than the ledger's`]
  })
}

const iso = (at: number) => new Date(at).toISOString()
