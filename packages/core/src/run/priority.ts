/** 10 is first. */
export const DEFAULT_PRIORITY = 5

/**
 * The place in a tenant's queue: smaller is earlier. One step of priority is worth `agingMs` of waiting, so a low priority is overtaken
 * only by what comes within that time and never starves. Written once; a retry keeps the first `queuedAt`.
 */
export function sortKey(queuedAt: number, priority: number, agingMs: number): number {
  return queuedAt - (priority - DEFAULT_PRIORITY) * agingMs
}
