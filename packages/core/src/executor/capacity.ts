/**
 * How the places of an app's executors are divided (CON-4). A rule speaks of the work of one task, of the tasks with one label, or of one tenant;
 * and of all executors of the app together, of one, or of each.
 */
export interface CapacityRule {
  /** Code of a task. */
  readonly task?: string
  /** `key=value` */
  readonly label?: string
  /** Code of a tenant, in an app that the platform shares. */
  readonly tenant?: string
  /** The name of one, `*`: each by itself; left out: all together. */
  readonly executor?: string
  /** At most so many at once. */
  readonly limit?: number
  /** So many places nothing else gets. */
  readonly reserve?: number
}

/** Whom a rule speaks of. Of a task and of a label the word stands in the lane of the queue. */
export function wordOf({ task, label, tenant }: CapacityRule): string {
  if (task !== undefined) return `task:${task}`
  return label === undefined ? `tenant:${tenant}` : `label:${label}`
}

/** The words of rules that speak of a task, in order: instances with the same words wait in the same queue. */
export function laneOf(
  rules: readonly CapacityRule[],
  task: { readonly code: string; readonly labels: Readonly<Record<string, string>> },
): string[] {
  const own = new Set([`task:${task.code}`, ...Object.entries(task.labels).map(([key, value]) => `label:${key}=${value}`)])
  return [...new Set(rules.map(wordOf))].filter((word) => own.has(word)).sort()
}

/** What some instances have in common that rules go by. */
export interface Work {
  readonly lane: readonly string[]
  /** Its code. */
  readonly tenant: string
}

export interface DividedExecutor {
  readonly executorId: number
  /** Its name in the app. */
  readonly instance: string
  readonly capacity: number
}

/** So many instances of this work are held by this executor now. */
export interface HeldWork extends Work {
  readonly executorId: number
  readonly count: number
}

/** What may still be given to whom. */
export interface Division {
  /** How many more of this work: on this executor, or (left out) on all that are in service. 0: its lane is closed. */
  most(work: Work, executorId?: number): number
  /** Counts one more. */
  give(work: Work, executorId: number): void
  /** The first rule that keeps this work from an executor; null: none does. */
  closedBy(work: Work, executorId: number): CapacityRule | null
}

/** A rule with what it counts. */
interface Pot {
  readonly rule: CapacityRule
  readonly word: string
  held: number
}

/** The executors that some rules speak of together: all of them, or one. */
interface Circle {
  readonly pots: readonly Pot[]
  free: number
}

/**
 * @param executors those in service: their places are what is divided
 * @param held of every executor with a session, in service or not: a limit counts all
 */
export function divide(
  rules: readonly CapacityRule[],
  executors: readonly DividedExecutor[],
  held: readonly HeldWork[],
): Division {
  const all = circleOf(
    rules.filter(({ executor }) => executor === undefined),
    executors.reduce((sum, { capacity }) => sum + capacity, 0),
  )
  const single = new Map(
    executors.map(({ executorId, instance, capacity }) => [
      executorId,
      circleOf(
        rules.filter(({ executor }) => executor === '*' || executor === instance),
        capacity,
      ),
    ]),
  )
  const around = (executorId: number) => [all, ...(single.has(executorId) ? [single.get(executorId)!] : [])]
  const give = (work: Work, executorId: number, count: number) => {
    for (const { pots } of around(executorId)) for (const pot of pots) if (speaksOf(pot, work)) pot.held += count
    if (single.has(executorId)) for (const circle of around(executorId)) circle.free -= count
  }
  for (const { executorId, count, ...work } of held) give(work, executorId, count)
  return {
    most: (work, executorId) =>
      executorId !== undefined
        ? Math.min(...around(executorId).map((circle) => leaves(circle, work)))
        : Math.min(
            leaves(all, work),
            [...single.values()].reduce((sum, circle) => sum + leaves(circle, work), 0),
          ),
    give: (work, executorId) => give(work, executorId, 1),
    closedBy: (work, executorId) =>
      around(executorId)
        .flatMap((circle) => circle.pots.filter((pot) => leavesOf(circle, pot, work) < 1))
        .at(0)?.rule ?? null,
  }
}

const circleOf = (rules: readonly CapacityRule[], free: number): Circle => ({
  pots: rules.map((rule) => ({ rule, word: wordOf(rule), held: 0 })),
  free,
})

const leaves = (circle: Circle, work: Work): number =>
  circle.pots.reduce((least, pot) => Math.max(0, Math.min(least, leavesOf(circle, pot, work))), Infinity)

/** What one rule leaves to this work: of what is reserved to others, nothing. */
function leavesOf(circle: Circle, pot: Pot, work: Work): number {
  const { limit, reserve } = pot.rule
  if (speaksOf(pot, work)) return limit === undefined ? Infinity : limit - pot.held
  if (reserve === undefined) return Infinity
  const reserved = circle.pots
    .filter((each) => !speaksOf(each, work))
    .reduce((sum, { rule, held }) => sum + Math.max(0, (rule.reserve ?? 0) - held), 0)
  return circle.free - reserved
}

const speaksOf = ({ rule, word }: Pot, { lane, tenant }: Work): boolean =>
  rule.tenant === undefined ? lane.includes(word) : rule.tenant === tenant
