import { waitFor } from '../harness/wait-for.ts'
import type { Theatre } from './theatre.ts'

/** How much has happened so far: what faults wait for, so that each of them hits a system at work. */
export interface Progress {
  readonly fires: number
  readonly ended: number
  readonly acknowledged: number
}

export async function progressOf({ postgres, clients }: Theatre): Promise<Progress> {
  const [row] = await postgres.query<{ fires: number; ended: number }>(
    `select (select count(*) from fire) as fires, (select count(*) from run_history) as ended`,
  )
  return { ...row!, acknowledged: clients.acknowledged }
}

/** Waits until so much more has happened than by now. */
export async function untilMore(theatre: Theatre, more: Partial<Progress>): Promise<void> {
  const before = await waitFor('the database', () => progressOf(theatre))
  await waitFor(`${JSON.stringify(more)} more than ${JSON.stringify(before)}`, async () => {
    const now = await progressOf(theatre)
    return (Object.keys(more) as (keyof Progress)[]).every((name) => now[name] >= before[name] + more[name]!)
  })
}

/** How long something took, in milliseconds, written down. */
export async function timed(theatre: Theatre, event: string, work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  const ms = Math.round(performance.now() - begun)
  theatre.stage.note(event, { ms })
  return ms
}
