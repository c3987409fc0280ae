import { waitFor } from '../harness/wait-for.ts'
import { atWork, truthOf } from './at-work.ts'
import { openSessions } from './f04-kill-executor.ts'
import { untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'
import type { Theatre } from './theatre.ts'

/**
 * An executor is stopped until its lease has run out and its work was given to others, then it wakes up and reports. It is deaf to being
 * told that its session is over, so it reports all that it held: every one of these must be refused, and kept for people to see.
 */
export const stopExecutor: Scenario = {
  id: 'F06',
  title: 'SIGSTOP of an executor beyond its lease, then it reports',
  counts: { short: 1, full: 20 },
  async play(theatre, count) {
    const zombie = await theatre.addExecutor('zombie', { deaf: true })
    for (let turn = 0; turn < count; turn++) {
      await waitFor('the zombie to be at work', () => atWork(theatre, zombie.name) >= 2)
      const sessions = await openSessions(theatre, zombie.name)
      const { child, name } = zombie
      theatre.stage.note('stop', { name })
      ;(await child).pause()
      await waitFor('its leases to run out', () => allExpired(theatre, sessions))
      await untilMore(theatre, { ended: 20 })
      const refusedBefore = staleAnswers(theatre, name)
      ;(await child).resume()
      await waitFor('its reports to be refused', () => staleAnswers(theatre, name) > refusedBefore)
      await waitFor('the refusals to be recorded', () => refusalsOf(theatre, sessions))
      theatre.stage.note('refused', { reports: staleAnswers(theatre, name) - refusedBefore })
      await zombie.kill()
    }
    await zombie.stop()
  },
  demands: (count) => ({
    events: { stop: count, refused: count },
    fires: 20 * count,
    accepted: 20 * count,
    acknowledged: 0,
    figures: {},
  }),
}

async function allExpired({ postgres }: Theatre, sessions: readonly number[]): Promise<boolean> {
  const [row] = await postgres.query<{ open: number }>(
    `select count(*) as open from executor_session where id = any($1) and end_reason is distinct from 'EXPIRED'`,
    [sessions],
  )
  return row!.open === 0
}

function staleAnswers(theatre: Theatre, executor: string): number {
  return truthOf(theatre, executor).filter((record) => record.what === 'answered' && record.status === 'STALE').length
}

async function refusalsOf({ postgres }: Theatre, sessions: readonly number[]): Promise<boolean> {
  const [row] = await postgres.query<{ kept: number }>(`select count(*) as kept from refused_report where session_id = any($1)`, [
    sessions,
  ])
  return row!.kept > 0
}
