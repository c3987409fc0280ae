import { waitFor } from '../harness/wait-for.ts'
import type { Theatre } from './theatre.ts'

/** How much has happened so far: what faults wait for, so that each hits a system at work. */
export interface Progress {
  readonly fires: number
  readonly ended: number
}

export async function progressOf({ postgres }: Theatre): Promise<Progress> {
  const [row] = await postgres.query<Progress>(
    `select (select count(*) from fire) as fires, (select count(*) from run_history) as ended`,
  )
  return row!
}

/** Waits until so many more fires were decided and so many more runs have ended. */
export async function untilMore(theatre: Theatre, more: Partial<Progress>): Promise<Progress> {
  const before = await waitFor('the database', () => progressOf(theatre))
  return waitFor(`${JSON.stringify(more)} more than ${JSON.stringify(before)}`, async () => {
    const now = await progressOf(theatre)
    return now.fires >= before.fires + (more.fires ?? 0) && now.ended >= before.ended + (more.ended ?? 0) && now
  })
}
