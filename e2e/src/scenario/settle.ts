import { join } from 'node:path'
import { waitFor } from '../harness/wait-for.ts'
import { isQuiet, pauseSchedules } from '../platform/world.ts'
import { dumpDatabase } from '../record/dump.ts'
import { FILES } from '../record/history.ts'
import { timed } from './progress.ts'
import type { Theatre } from './theatre.ts'

const QUIET = { withinMs: 90_000, everyMs: 200 }

/**
 * The end of the faults: clients get their last answers, schedules are paused, and what was begun gets time to end. If it never does, that
 * is for the checker to say. Then everything is written down.
 */
export async function settle(theatre: Theatre): Promise<void> {
  const { clients, executors, postgres, stage, world } = theatre
  await clients.stop()
  await waitFor('the schedules to be paused', () => pauseSchedules(world).then(() => true))
  try {
    await timed(theatre, 'quiet', () => waitFor('everything to end', () => isQuiet(postgres), QUIET))
  } catch (error) {
    stage.note('never.quiet', { error: String(error) })
  }
  for (const executor of executors) await executor.stop()
  await dumpDatabase(postgres, join(stage.folder, FILES.dump))
}
