import { waitFor } from '../harness/wait-for.ts'
import { timed, untilMore } from './progress.ts'
import type { Scenario } from './scenario.ts'
import type { Theatre } from './theatre.ts'

/**
 * A node is stopped while it holds the locks of due schedules: its COMMIT is held on the way, then the process is stopped. Others must fire
 * those schedules as soon as the database has given up on it; woken, it must write nothing.
 */
export const stopServerNode: Scenario = {
  id: 'F05',
  title: 'SIGSTOP of a server node inside the firing transaction',
  counts: { short: 1, full: 10 },
  async play(theatre, count) {
    for (let turn = 0; turn < count; turn++) {
      const node = theatre.nodes[turn % theatre.nodes.length]!
      const held = holdNextFiring(theatre, turn % theatre.nodes.length)
      await waitFor('a firing transaction to be held', () => held())
      const { stage } = theatre
      stage.note('stop', { name: node.name })
      ;(await node.child).pause()
      const hidden = await waitFor('its schedules to be overdue', () => overdueSchedules(theatre))
      await timed(theatre, 'others.fired', () =>
        waitFor('other nodes to fire them', async () => (await stillOverdue(theatre, hidden)) === 0, { withinMs: TAKEOVER_MS }),
      )
      await untilMore(theatre, { fires: 20 })
      ;(await node.child).resume()
      node.database.release()
      await waitFor('the woken node to be back', () => seenJustNow(theatre, node.name))
      await untilMore(theatre, { fires: 20, ended: 20 })
    }
  },
  demands: (count) => ({
    events: { hold: count, stop: count, 'others.fired': count },
    fires: 40 * count,
    accepted: 20 * count,
    acknowledged: 0,
    figures: { 'others.fired': 6_000 },
  }),
}

/** The database gives up on an idle transaction after 5 s, the other nodes look every second; the rest is a busy machine's. */
const TAKEOVER_MS = 15_000

function holdNextFiring({ nodes }: Theatre, place: number): () => boolean {
  const { database } = nodes[place]!
  let held = false
  database.commits = (statements) => {
    if (held || !statements.has('fire.insert')) return 'PASS'
    held = true
    return 'HOLD'
  }
  return () => held
}

interface Occurrence {
  readonly id: number
  readonly at: number
}

async function overdueSchedules({ postgres }: Theatre): Promise<Occurrence[] | null> {
  const rows = await postgres.query<Occurrence>(
    `select schedule_id as id, to_ms(next_fire_at) as at from schedule_due where due_at < clock_timestamp() - interval '2 s'`,
  )
  return rows.length > 0 ? rows : null
}

async function stillOverdue({ postgres }: Theatre, hidden: readonly Occurrence[]): Promise<number> {
  const [row] = await postgres.query<{ count: number }>(
    `select count(*) from schedule_due d join unnest($1::bigint[], $2::bigint[]) as h (id, at) on d.schedule_id = h.id and to_ms(d.next_fire_at) <= h.at`,
    [hidden.map(({ id }) => id), hidden.map(({ at }) => at)],
  )
  return row!.count
}

export async function seenJustNow({ postgres }: Theatre, node: string): Promise<boolean> {
  const rows = await postgres.query(`select from server_node where id = $1 and seen_at > clock_timestamp() - interval '1 s'`, [
    node,
  ])
  return rows.length > 0
}
