import type { Measurement } from '../bench.ts'
import { dagLocks } from './dag-locks.ts'
import { dagSize } from './dag-size.ts'
import { dagSteps } from './dag-steps.ts'
import { fireLateness } from './fire-lateness.ts'
import { herd } from './herd.ts'
import { heartbeats } from './heartbeats.ts'
import { idleSchedules } from './idle-schedules.ts'
import { oldHistory } from './old-history.ts'
import { push } from './push.ts'
import { routing } from './routing.ts'
import { throughput } from './throughput.ts'
import { triggerToStart } from './trigger-to-start.ts'

/** In the order in which they run: throughput late, when the server is as warm as one in use. Its peers have a warm-up of their own there. */
export const measurements: readonly Measurement[] = [
  triggerToStart,
  push,
  fireLateness,
  dagSteps,
  dagSize,
  dagLocks,
  herd,
  throughput,
  idleSchedules,
  oldHistory,
  heartbeats,
  routing,
]
