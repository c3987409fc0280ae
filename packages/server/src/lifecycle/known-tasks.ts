import { createBoundedMap } from '../runtime/bounded-map.ts'
import type { TriggerableTask } from '../storage/task.ts'

/**
 * Tasks as they were when somebody last asked for a run of one. A single trigger takes its task from here instead of looking it up in a
 * transaction of its own, and the one that starts the run refuses if the task has changed since (`RunStart.expects`): what is kept here may
 * be old, and never decides.
 */
export interface KnownTasks {
  /** `ref`: an identifier or a code, as the request names it. */
  get(tenantId: number, ref: string): TriggerableTask | undefined
  set(tenantId: number, ref: string, task: TriggerableTask): void
}

const MOST_TASKS = 10_000

export function createKnownTasks(): KnownTasks {
  const known = createBoundedMap<string, TriggerableTask>(MOST_TASKS)
  return {
    get: (tenantId, ref) => known.get(`${tenantId}/${ref}`),
    set: (tenantId, ref, task) => known.set(`${tenantId}/${ref}`, task),
  }
}
