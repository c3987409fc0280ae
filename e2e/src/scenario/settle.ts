import { join } from 'node:path'
import { waitFor } from '../harness/wait-for.ts'
import { isQuiet, pauseSchedules } from '../platform/world.ts'
import { dumpDatabase } from '../record/dump.ts'
import { FILES } from '../record/history.ts'
import type { Theatre } from './theatre.ts'

/**
 * The end of the faults: clients get their last answers, schedules are paused, and what was begun gets time to end. If it never does, that
 * is for the checker to say. Then everything is written down.
 */
export async function settle({ clients, executors, postgres, stage, world }: Theatre): Promise<void> {
  await clients.stop()
  await waitFor('the schedules to be paused', () => pauseSchedules(world).then(() => true))
  try {
    await waitFor('everything to end', () => isQuiet(postgres), { withinMs: 90_000, everyMs: 200 })
  } catch (error) {
    stage.note('never.quiet', { error: String(error) })
  }
  for (const executor of executors) await executor.stop()
  await dumpDatabase(postgres, join(stage.folder, FILES.dump))
}
