import { waitFor } from '../harness/wait-for.ts'
import { atWork } from './at-work.ts'
import { timed, untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'
import type { Theatre } from './theatre.ts'

/** Executors are killed in mid-task: every other one comes back at once under its name, the rest stay away until their lease has run out. */
export const killExecutor: Scenario = {
  id: 'F04',
  title: 'kill -9 of an executor in mid-task',
  counts: { short: 2, full: 20 },
  async play(theatre, count) {
    for (let kill = 0; kill < count; kill++) {
      const executor = theatre.executors[kill % theatre.executors.length]!
      await waitFor(`${executor.name} to be at work`, () => atWork(theatre, executor.name) >= 2)
      const sessions = await openSessions(theatre, executor.name)
      if (kill % 2 === 0) await executor.takeDown()
      else await executor.kill()
      await timed(theatre, 'released', () =>
        waitFor('what it held to be taken back', () => holdsNothing(theatre, sessions), { withinMs: LEASE_MS + 20_000 }),
      )
      if (kill % 2 === 0) await executor.bringUp()
      await untilMore(theatre, { ended: 20 })
    }
  },
  demands: (count) => ({
    events: { kill: count, released: count },
    fires: 20 * count,
    accepted: 20 * count,
    acknowledged: 0,
    figures: { released: 8_000 },
  }),
}

const LEASE_MS = 3_000

export async function openSessions({ postgres }: Theatre, executor: string): Promise<number[]> {
  const rows = await postgres.query<{ id: number }>(
    `select s.id from executor_session s join executor e on e.tenant_id = s.tenant_id and e.id = s.executor_id
     where s.ended_at is null and e.instance = $1`,
    [executor],
  )
  return rows.map(({ id }) => id)
}

async function holdsNothing({ postgres }: Theatre, sessions: readonly number[]): Promise<boolean> {
  const [row] = await postgres.query<{ held: number }>(
    `select (select count(*) from instance_live where session_id = any($1)) + (select count(*) from executor_session where id = any($1) and ended_at is null) as held`,
    [sessions],
  )
  return row!.held === 0
}
