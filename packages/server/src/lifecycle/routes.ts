import { createHash } from 'node:crypto'
import {
  DEFAULT_ROUTE_PRIORITY,
  DEFAULT_WEIGHT,
  REMEMBERING_STRATEGIES,
  chooseExecutor,
  routeOf,
  type Candidate,
  type Plan,
  type RouteExecutor,
  type RoutePolicy,
} from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import type { Claimable } from '../storage/instance.ts'
import { saveRouteStates, selectRouteStates, type RouteState, type RouteStateKey } from '../storage/route-state.ts'

/** An executor with what it holds; whoever gives it something more counts that here. */
export interface Place {
  readonly executorId: number
  readonly instance: string
  readonly capacity: number
  held: number
}

/** Finds executors for a batch of instances, each choice knowing those before it. */
export interface Routes {
  /**
   * One of these places (all in service, able to do the work), which then holds one more; null: none can take it now. The places are those of the
   * whole batch; `allows` says which of them may have this one.
   */
  choose<P extends Place>(instance: Claimable, places: readonly P[], spread: number, allows?: (place: Place) => boolean): P | null
  /** Writes down what the strategies remember. */
  save(tx: Transaction): void
}

/** What is remembered of a task, or of one key of a sticky one. */
interface Memory extends RouteStateKey {
  previous: number | null
  readonly marks: Map<number, number>
}

export async function loadRoutes(
  tx: Transaction,
  instances: readonly Claimable[],
  planOf: (instance: Claimable) => Plan,
): Promise<Routes> {
  const routings = new Map(instances.map((instance) => [instance, routingOf(instance, planOf(instance))]))
  const remembering = [...routings.values()].filter(({ policy }) => REMEMBERING_STRATEGIES.includes(policy.strategy))
  const wanted = new Map(remembering.map(({ memory }) => [nameOf(memory), memory]))
  const memories = new Map(
    [...wanted].map(([name, key]): [string, Memory] => [name, { ...key, previous: null, marks: new Map() }]),
  )
  for (const { previous, marks, ...key } of await selectRouteStates(tx, [...wanted.values()])) {
    const memory = memories.get(nameOf(key))!
    memory.previous = previous
    for (const [id, mark] of Object.entries(marks)) memory.marks.set(Number(id), mark)
  }
  const contests = createContests()
  const used = new Set<Memory>()
  return {
    choose(instance, places, spread, allows) {
      const { policy, key, memory: name } = routings.get(instance)!
      const memory = memories.get(nameOf(name))
      const contestants = contests.of(instance, policy, places, memory)
      const choice = chooseExecutor(policy, {
        candidates: allows ? contestants.filter(({ place }) => allows(place)) : contestants,
        previous: memory?.previous ?? null,
        avoid: instance.avoidExecutorId,
        ...{ key, spread },
      })
      if (choice === null) return null
      // A plain loop: there may be a thousand.
      for (let index = 0; index < choice.marked.length; index++) choice.marked[index]!.mark = choice.marks[index]!
      choice.chosen.place.held++
      if (memory) {
        memory.previous = choice.previous
        used.add(memory)
      }
      return choice.chosen.place as (typeof places)[number]
    },
    save(tx) {
      contests.remember()
      saveRouteStates(tx, [...used].map(stateOf))
    },
  }
}

const stateOf = ({ tenantId, taskId, key, previous, marks }: Memory): RouteState => ({
  ...{ tenantId, taskId, key, previous },
  marks: Object.fromEntries(marks),
})

interface Routing {
  readonly policy: RoutePolicy
  /** What is equal in instances that belong together. */
  readonly key: string
  readonly memory: RouteStateKey
}

function routingOf({ tenantId, node: index, params }: Claimable, plan: Plan): Routing {
  const node = plan.nodes[index]!
  const policy = routeOf(node.route)
  const does = node.control?.does
  const taskId = does?.kind === 'TASK' ? does.taskId : plan.targetId
  const key = policy.key === undefined ? '' : digestOf(valueAt(params, policy.key))
  return { policy, key: `${taskId}:${key}`, memory: { tenantId, taskId, key: policy.strategy === 'STICKY' ? key : '' } }
}

const nameOf = ({ tenantId, taskId, key }: RouteStateKey) => `${tenantId}:${taskId}:${key}`

function valueAt(params: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as never)[key] : undefined,
      params,
    )
}

/** Short, whatever the value; what is missing is a value like any other. */
function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('base64url')
    .slice(0, 32)
}

/** A place as one task sees it. */
class Contestant implements Candidate {
  readonly executorId: number
  readonly capacity: number
  readonly weight: number
  readonly priority: number
  readonly place: Place
  mark: number | null

  constructor(place: Place, named: RouteExecutor | undefined, mark: number | null) {
    this.executorId = place.executorId
    this.capacity = place.capacity
    this.weight = named?.weight ?? DEFAULT_WEIGHT
    this.priority = named?.priority ?? DEFAULT_ROUTE_PRIORITY
    this.place = place
    this.mark = mark
  }

  /** Of the place: other tasks give to it meanwhile. */
  get held(): number {
    return this.place.held
  }
}

/** The candidates of each node of a plan, made once for a batch. */
function createContests() {
  const contests = new Map<string, { readonly contestants: Contestant[]; readonly memory: Memory | undefined }>()
  return {
    of(
      { planId, node, queueId }: Claimable,
      policy: RoutePolicy,
      places: readonly Place[],
      memory: Memory | undefined,
    ): Contestant[] {
      const name = `${planId}:${node}:${queueId}`
      const known = contests.get(name)
      if (known) return known.contestants
      const named = policy.executors && new Map(policy.executors.map((each) => [each.instance, each]))
      const contestants = places
        .filter(({ instance }) => named === undefined || named.has(instance))
        .map((place) => new Contestant(place, named?.get(place.instance), memory?.marks.get(place.executorId) ?? null))
      contests.set(name, { contestants, memory })
      return contestants
    },
    /** Of those that are not there any more nothing is kept: should they come back, they begin anew. */
    remember() {
      for (const { contestants, memory } of contests.values()) {
        const marked = contestants.filter(({ mark }) => mark !== null)
        if (!memory || marked.length === 0) continue
        memory.marks.clear()
        for (const { executorId, mark } of marked) memory.marks.set(executorId, mark!)
      }
    },
  }
}
