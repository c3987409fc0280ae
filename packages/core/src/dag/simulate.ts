import type { FinalRunState } from '../run/run.ts'
import type { InstanceState } from '../run/task-instance.ts'
import { advance, initialCounters, outcomeOfRun, roots, type Decision, type SkipReason } from './advance.ts'
import { MOST_ELEMENTS, type DagDefinition, type NodeDefinition } from './definition.ts'
import { compileExpression } from './expression.ts'
import { instantOf } from './instant.ts'
import { layOutDag, type LaidOutDag } from './lay-out.ts'
import { countIn, passOn } from './pass-on.ts'
import { compileTemplate } from './template.ts'

// A run of a DAG without a server: the same decisions, in virtual time. Dry runs show it and the SDK's test kit drives it. The simulation
// asks for one outcome after the other (it is a generator), so whoever answers may look them up, or run a handler and wait for it.

export interface SimulationOptions {
  /** Laid over the DAG's own parameters. */
  readonly params?: Readonly<Record<string, unknown>>
  /** What expressions see as `run`. `fireAt`, epoch milliseconds, is also when the simulation begins; 0 unless given. */
  readonly run?: { readonly id?: string; readonly fireAt?: number; readonly key?: string | null }
}

/** One instance that runs: its outcome is asked for. */
export interface SimulatedCall {
  readonly code: string
  readonly node: NodeDefinition
  /** Place in a fan-out; null: the node is none. */
  readonly index: number | null
  readonly params: unknown
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
}

export interface SimulatedNode {
  readonly code: string
  readonly state: InstanceState
  readonly skippedBecause: SkipReason | null
  /** Null: it was skipped, or its parameters cannot be computed. Of a fan-out one for each element, in its order. */
  readonly params: unknown
  readonly output: unknown
  readonly error: unknown
  /** Null: it was skipped. */
  readonly startedAt: number | null
  readonly endedAt: number
}

export interface Simulation {
  readonly state: FinalRunState
  /** What the run answers; null where the definition says nothing or the run did not succeed. */
  readonly output: unknown
  /** In the order in which they ended; of those that ended at once, in that in which they were decided about. */
  readonly nodes: readonly SimulatedNode[]
  readonly endedAt: number
}

/** Outcomes by code; of a fan-out a list has one for each element. A node without one succeeds with the output null. */
export type SimulatedOutcomes = Readonly<Record<string, SimulatedOutcome | readonly SimulatedOutcome[]>>

/**
 * Runs a definition in virtual time, with outcomes that are known beforehand.
 *
 * @param definition one in which `validateDagDefinition` finds nothing wrong
 * @example
 * simulateDag(definition, { params: { day: '2024-02-29' } }, { extract: { output: { rows: 0 } } }).nodes
 * // [{ code: 'extract', state: 'SUCCESS', … }, { code: 'load', state: 'SKIPPED', skippedBecause: 'CONDITION', … }]
 */
export function simulateDag(
  definition: DagDefinition,
  options: SimulationOptions = {},
  outcomes: SimulatedOutcomes = {},
): Simulation {
  const simulation = simulationOf(definition, options)
  let step = simulation.next()
  while (!step.done) {
    const { code, index } = step.value
    const given = Object.hasOwn(outcomes, code) ? outcomes[code]! : {}
    step = simulation.next(Array.isArray(given) ? (given[index ?? 0] ?? {}) : (given as SimulatedOutcome))
  }
  return step.value
}

/** The simulation itself: yields each instance that runs and is given its outcome. */
export function* simulationOf(
  definition: DagDefinition,
  options: SimulationOptions = {},
): Generator<SimulatedCall, Simulation, SimulatedOutcome> {
  const dag = layOutDag(definition)
  const now = options.run?.fireAt ?? 0
  const context = {
    params: { ...definition.params, ...options.params },
    run: { id: 'simulated', fireAt: now, key: null, ...options.run },
    nodes: {} as Record<string, { state: InstanceState; output: unknown }>,
  }
  const board = newBoard(dag, context)
  yield* take(board, roots(dag).map((node) => ({ kind: 'READY', node }) as const), now) // prettier-ignore
  for (let next = nextToEnd(board); next; next = nextToEnd(board)) {
    yield* take(board, end(board, next.node, next.ended), next.ended.endedAt)
  }
  return conclude(definition, board, now)
}

interface Context {
  readonly params: Readonly<Record<string, unknown>>
  readonly run: Readonly<Record<string, unknown>>
  /** Filled as nodes end. */
  readonly nodes: Record<string, { state: InstanceState; output: unknown }>
}

/** How far the simulation is. */
interface Board {
  readonly dag: LaidOutDag
  readonly context: Context
  readonly counters: ReturnType<typeof initialCounters>[number][]
  readonly decided: Set<number>
  /** Why an edge's condition could not be evaluated, by target. */
  readonly problems: Map<number, string>
  /** What runs and is known to end, in the order in which it began. */
  readonly working: { readonly node: number; readonly ended: SimulatedNode }[]
  readonly ended: SimulatedNode[]
  readonly states: InstanceState[]
}

function newBoard(dag: LaidOutDag, context: Context): Board {
  return {
    dag,
    context,
    counters: [...initialCounters(dag)],
    decided: new Set(),
    problems: new Map(),
    working: [],
    ended: [],
    states: dag.nodes.map(() => 'WAITING'),
  }
}

/** Starts what is ready and passes on what is skipped, and so on until nothing follows at once. */
function* take(board: Board, first: readonly Decision[], now: number): Generator<SimulatedCall, void, SimulatedOutcome> {
  const queue: Decision[] = []
  const enqueue = (decisions: readonly Decision[]) => {
    for (const decision of decisions) board.decided.add(decision.node)
    queue.push(...decisions)
  }
  enqueue(first)
  // Grows while it is walked.
  for (const decision of queue) {
    const { definition } = board.dag.nodes[decision.node]!
    if (decision.kind === 'READY') {
      board.working.push({ node: decision.node, ended: yield* perform(definition, board.context, now) })
    } else {
      enqueue(end(board, decision.node, skippedNode(definition.code, decision.because, board.problems.get(decision.node), now)))
    }
  }
}

/** Notes how a node ended and decides about those that it leads to. */
function end(board: Board, node: number, ended: SimulatedNode): readonly Decision[] {
  board.ended.push(ended)
  board.states[node] = ended.state
  board.context.nodes[ended.code] = { state: ended.state, output: ended.output }
  const passed = passOn(board.dag, node, ended, board.context)
  for (const { node: target, outcome, problem } of passed) {
    board.counters[target] = countIn(board.counters[target]!, outcome)
    if (problem !== undefined) board.problems.set(target, problem)
  }
  const waiting = passed.filter((one) => !board.decided.has(one.node))
  return advance(
    board.dag,
    waiting.map(({ node: target }) => ({ node: target, parents: board.counters[target]! })),
  )
}

/** Of those at work the one that ends first; of several the one that began first. */
function nextToEnd({ working }: Board) {
  if (working.length === 0) return null
  const first = working.reduce((best, one, place) => (one.ended.endedAt < working[best]!.ended.endedAt ? place : best), 0)
  return working.splice(first, 1)[0]!
}

function conclude(definition: DagDefinition, { dag, context, ended, states }: Board, begin: number): Simulation {
  const state = outcomeOfRun(dag, states)
  const output = state === 'SUCCESS' && definition.output !== undefined ? resolve(definition.output, context) : null
  const endedAt = ended.reduce((latest, node) => Math.max(latest, node.endedAt), begin)
  // What has no output that can be computed has not done what it was for.
  if (output?.kind === 'ERROR') return { state: 'FAILED', output: null, nodes: ended, endedAt }
  return { state, output: output?.value ?? null, nodes: ended, endedAt }
}

function* perform(
  node: NodeDefinition,
  context: Context,
  now: number,
): Generator<SimulatedCall, SimulatedNode, SimulatedOutcome> {
  if (node.forEach) return yield* performEach(node, node.forEach, context, now)
  return yield* performOne(node, null, context, now)
}

function* performOne(
  node: NodeDefinition,
  element: { readonly item: unknown; readonly index: number } | null,
  context: Context,
  now: number,
): Generator<SimulatedCall, SimulatedNode, SimulatedOutcome> {
  const params = resolve(node.params ?? {}, { ...context, ...element })
  if (params.kind === 'ERROR') return failedNode(node.code, 'PARAMETERS', params.message, now)
  const wait = waitOf(node, context, now)
  if (wait.kind === 'ERROR') return failedNode(node.code, 'WAIT', wait.message, now)
  const call = { code: node.code, node, index: element?.index ?? null, params: params.value, at: now }
  const { state = 'SUCCESS', output = null, error = null, durationMs = 0 } = yield call
  const endedAt = now + Math.max(durationMs, wait.ms)
  const succeeded = state === 'SUCCESS'
  return {
    ...{ code: node.code, state, skippedBecause: null, params: params.value, startedAt: now, endedAt },
    output: succeeded ? output : null,
    error: succeeded ? null : error,
  }
}

function* performEach(
  node: NodeDefinition,
  forEach: NonNullable<NodeDefinition['forEach']>,
  context: Context,
  now: number,
): Generator<SimulatedCall, SimulatedNode, SimulatedOutcome> {
  const items = evaluate(forEach.items, context)
  if (items.kind === 'ERROR') return failedNode(node.code, 'FOR_EACH', items.message, now)
  if (!Array.isArray(items.value)) return failedNode(node.code, 'FOR_EACH', `${forEach.items} gives no list`, now)
  if (items.value.length > MOST_ELEMENTS) {
    return failedNode(
      node.code,
      'FOR_EACH',
      `${forEach.items} has ${items.value.length} elements, more than ${MOST_ELEMENTS}`,
      now,
    )
  }
  const elements: SimulatedNode[] = []
  const width = forEach.maxParallel || items.value.length
  /** When each of the places for one element is free again; while there are places left, at once. */
  const free: number[] = []
  for (const [index, item] of items.value.entries()) {
    const place = index < width ? index : free.indexOf(Math.min(...free))
    const element = yield* performOne(node, { item, index }, context, free[place] ?? now)
    free[place] = element.endedAt
    elements.push(element)
  }
  return joined(node, elements, forEach.successShare ?? 1, now, Math.max(now, ...free))
}

/** The node of a fan-out from its elements. None at all is a success: everything that was to be done is. */
function joined(
  node: NodeDefinition,
  elements: readonly SimulatedNode[],
  share: number,
  startedAt: number,
  endedAt: number,
): SimulatedNode {
  const good = elements.filter(({ state }) => state === 'SUCCESS').length
  const succeeded = good >= share * elements.length
  return {
    ...{ code: node.code, skippedBecause: null, startedAt, endedAt },
    state: succeeded ? 'SUCCESS' : 'FAILED',
    params: elements.map(({ params }) => params),
    output: succeeded ? elements.map(({ output }) => output) : null,
    error: succeeded
      ? null
      : { code: 'ELEMENTS_FAILED', message: `${elements.length - good} of ${elements.length} elements failed` },
  }
}

type Found<T> = ({ readonly kind: 'VALUE' } & T) | { readonly kind: 'ERROR'; readonly message: string }

function waitOf({ wait }: NodeDefinition, context: Context, now: number): Found<{ ms: number }> {
  if (wait?.until === undefined) return { kind: 'VALUE', ms: wait?.ms ?? 0 }
  const until = evaluate(wait.until, context)
  if (until.kind === 'ERROR') return until
  const instant = instantOf(until.value)
  if (instant === null)
    return {
      kind: 'ERROR',
      message: `${wait.until} gives no instant: neither epoch milliseconds nor ISO 8601 text with its zone`,
    }
  return { kind: 'VALUE', ms: Math.max(0, instant - now) }
}

function evaluate(text: string, context: Context): Found<{ value: unknown }> {
  const compiled = compileExpression(text)
  return compiled.kind === 'OK' ? compiled.evaluate({ ...context }) : { kind: 'ERROR', message: compiled.problem.message }
}

function resolve(template: unknown, context: Context): Found<{ value: unknown }> {
  const compiled = compileTemplate(template)
  const resolved = compiled.kind === 'OK' ? compiled.resolve({ ...context }) : ({ ...compiled, kind: 'ERROR' } as const)
  if (resolved.kind === 'VALUE') return resolved
  return { kind: 'ERROR', message: resolved.problems.map(({ path, message }) => `${path}: ${message}`).join('; ') }
}

function skippedNode(code: string, skippedBecause: SkipReason, problem: string | undefined, at: number): SimulatedNode {
  const error = problem === undefined ? null : { code: 'CONDITION', message: problem }
  return { code, state: 'SKIPPED', skippedBecause, params: null, output: null, error, startedAt: null, endedAt: at }
}

function failedNode(code: string, errorCode: string, message: string, at: number): SimulatedNode {
  const error = { code: errorCode, message }
  return { code, state: 'FAILED', skippedBecause: null, params: null, output: null, error, startedAt: at, endedAt: at }
}
