import type { FinalRunState } from '../run/run.ts'
import type { InstanceState } from '../run/task-instance.ts'
import type { SkipReason } from './advance.ts'
import type { DagDefinition, NodeDefinition } from './definition.ts'
import { simulation } from './simulation/simulation.ts'

// A run of a DAG without a server: the same decisions, in virtual time. Dry runs show it and the SDK's test kit drives it. The simulation
// asks for one outcome after the other (it is a generator), so whoever answers may look them up, or run a handler and wait for it. It asks
// in the order of virtual time, also about attempts, elements and sub-DAGs that overlap.

export interface SimulationOptions {
  /** Laid over the DAG's own parameters. */
  readonly params?: Readonly<Record<string, unknown>>
  /** What expressions see as `run`. `fireAt`, epoch milliseconds, is also when the simulation begins; 0 unless given. */
  readonly run?: { readonly id?: string; readonly fireAt?: number; readonly key?: string | null }
  /** Definitions of sub-DAGs by code. One that is known runs node by node; the outcome of another is asked for as a task's is. */
  readonly dags?: Readonly<Record<string, DagDefinition>>
}

/** One attempt of one instance: its outcome is asked for. */
export interface SimulatedCall {
  readonly code: string
  /** With the nodes that it is a part of: `nightly/load`. */
  readonly path: string
  readonly node: NodeDefinition
  /** From 1; the same for every attempt of an instance. */
  readonly instance: number
  /** Place in a fan-out; null: the node is none. */
  readonly index: number | null
  /** Elements of the fan-out; 1: the node is none. */
  readonly total: number
  /** From 1. */
  readonly attempt: number
  readonly params: unknown
  /** What a node that waits for an event waits for. */
  readonly event: { readonly name: string; readonly key: string } | null
  /** When it starts, epoch milliseconds of virtual time. */
  readonly at: number
}

export interface SimulatedOutcome {
  /** SUCCESS unless given. */
  readonly state?: 'SUCCESS' | 'FAILED' | 'TIMEOUT' | 'CANCELLED' | 'LOST'
  readonly output?: unknown
  readonly error?: unknown
  /** How long it takes; a wait takes at least its time. 0 unless given. */
  readonly durationMs?: number
  /** Given: it is no outcome yet, and another attempt follows so long after this one's end. */
  readonly retryAfterMs?: number
}

/** What ran of a node. */
export interface SimulatedInstance {
  readonly state: InstanceState
  readonly params: unknown
  readonly output: unknown
  readonly error: unknown
  /** 0: it never started. */
  readonly attempts: number
  readonly startedAt: number | null
  readonly endedAt: number
  /** Of a sub-DAG that is known. */
  readonly run: Simulation | null
}

export interface SimulatedNode {
  readonly code: string
  readonly state: InstanceState
  readonly skippedBecause: SkipReason | null
  /** Null: it did not start, or its parameters cannot be computed. Of a fan-out one for each element, in its order. */
  readonly params: unknown
  readonly output: unknown
  readonly error: unknown
  /** Null: it did not start. */
  readonly startedAt: number | null
  readonly endedAt: number
  /** One, or of a fan-out one for each element, in its order; none where nothing was to run. */
  readonly instances: readonly SimulatedInstance[]
}

export interface Simulation {
  readonly state: FinalRunState
  /** What the run answers; null where the definition says nothing, it cannot be computed, or the run did not succeed. */
  readonly output: unknown
  /** Why there is no output although the definition has one and all else succeeded: such a run has failed. */
  readonly outputProblem: string | null
  /** In the order in which they ended; of those that ended at once, in that in which they were decided about. */
  readonly nodes: readonly SimulatedNode[]
  readonly startedAt: number
  readonly endedAt: number
}

/**
 * Outcomes by the node's code, in a sub-DAG by its path (`nightly/load`); of a fan-out a list has one for each element. A node without one
 * succeeds: an approval is given, and the output of anything else is null.
 */
export type SimulatedOutcomes = Readonly<Record<string, SimulatedOutcome | readonly SimulatedOutcome[]>>

/**
 * Runs a definition in virtual time, with outcomes that are known beforehand.
 *
 * @param definition one in which `validateDagDefinition` finds nothing wrong. Its templates are compiled once: a changed one is another object.
 * @example
 * simulateDag(definition, { params: { day: '2024-02-29' } }, { extract: { output: { rows: 0 } } }).nodes
 * // [{ code: 'extract', state: 'SUCCESS', … }, { code: 'load', state: 'SKIPPED', skippedBecause: 'CONDITION', … }]
 */
export function simulateDag(
  definition: DagDefinition,
  options: SimulationOptions = {},
  outcomes: SimulatedOutcomes = {},
): Simulation {
  const calls = simulationOf(definition, options)
  let step = calls.next()
  while (!step.done) {
    const { path, index, node } = step.value
    const given = Object.hasOwn(outcomes, path) ? outcomes[path]! : usualOutcome(node)
    step = calls.next(Array.isArray(given) ? (given[index ?? 0] ?? {}) : (given as SimulatedOutcome))
  }
  return step.value
}

function usualOutcome({ approval, wait }: NodeDefinition): SimulatedOutcome {
  if (approval) return { output: { approved: true, by: 'simulated', comment: null } }
  return wait && !wait.event ? { output: { waited: true } } : {}
}

/** The simulation itself: yields each attempt of each instance that runs and is given its outcome. */
export function simulationOf(
  definition: DagDefinition,
  options: SimulationOptions = {},
): Generator<SimulatedCall, Simulation, SimulatedOutcome> {
  return simulation(definition, options)
}
