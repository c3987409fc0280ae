import type { ExecutorView, TaskItem, TaskType } from '@carillon/contract'

/** Whether the executor takes work of a type: the name under which it is given out is the kind's own, but that of `handler` says another. */
export function serves(
  { handlers }: Pick<ExecutorView, 'handlers'>,
  { kind, settings }: Pick<TaskType, 'kind' | 'settings'>,
): boolean {
  return handlers.includes(kind === 'handler' ? String(settings['handler']) : kind)
}

/** Whether a task of a type that it serves may go to it: its routing may name others alone. */
export function mayTake({ instance }: Pick<ExecutorView, 'instance'>, { executors }: Pick<TaskItem, 'executors'>): boolean {
  return executors === null || executors.includes(instance)
}

/** What is done of the executor, as people know it: of xxl-job, whose executors name no handlers, the one within it. */
export function workOf({ kind, settings }: Pick<TaskType, 'kind' | 'settings'>): string {
  return typeof settings['handler'] === 'string' ? settings['handler'] : kind
}
