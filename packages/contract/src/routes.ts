import type { Route } from './route.ts'
import { taskRoutes } from './task.ts'
import { taskTypeRoutes } from './task-type.ts'

/** Every route of the API, by resource. The executor protocol stands apart (`executorRoutes`). */
export const routes = {
  taskTypes: taskTypeRoutes,
  tasks: taskRoutes,
} as const satisfies Record<string, Record<string, Route>>

export type Routes = typeof routes
