import type { FinalRunState, RunStop } from '../../run/run.ts'
import type { InstanceState } from '../../run/task-instance.ts'
import { advance, initialCounters, outcomeOfRun, roots, type Decision, type SkipReason } from '../advance.ts'
import { resolve } from '../computed.ts'
import { DEEPEST_SUB_DAG, SUB_DAG_TOO_DEEP, type DagDefinition, type NodeDefinition } from '../definition.ts'
import { layOutDag, type LaidOutDag } from '../lay-out.ts'
import { countIn, passOn } from '../pass-on.ts'
import type {
  SimulatedCall,
  SimulatedInstance,
  SimulatedNode,
  SimulatedOutcome,
  Simulation,
  SimulationOptions,
} from '../simulate.ts'
import { Agenda } from './agenda.ts'
import { workOf, type NodeWork } from './work.ts'

// One agenda for a run and the runs that are parts of it. Everything that changes does so when its turn on the agenda comes, and what follows
// at once (nodes that are skipped, or that fail before they run) follows in the same turn.

/** A run: that of the definition, or one that is a part of an instance. */
interface Run {
  readonly definition: DagDefinition
  readonly dag: LaidOutDag
  readonly context: {
    readonly params: Readonly<Record<string, unknown>>
    readonly run: Readonly<Record<string, unknown>>
    /** Filled as nodes end. */
    readonly nodes: Record<string, { readonly state: InstanceState; readonly output: unknown; readonly error: unknown }>
  }
  readonly partOf: Instance | null
  readonly startedAt: number
  readonly counters: ReturnType<typeof initialCounters>[number][]
  readonly decided: Set<number>
  /** Why an edge's condition could not be evaluated, by target. */
  readonly problems: Map<number, string>
  /** By index in the plan, in the order in which they began. */
  readonly working: Map<number, Work>
  readonly ended: SimulatedNode[]
  readonly states: InstanceState[]
  /** Nodes that have not ended. */
  left: number
  conclusion: Simulation | null
}

/** A node at work. */
interface Work {
  readonly run: Run
  readonly place: number
  readonly node: NodeDefinition
  readonly does: NodeWork
  readonly instances: Instance[]
  readonly startedAt: number
  /** Instances that have not ended. */
  left: number
  /** The next instance that has not been entered on the agenda. */
  next: number
}

interface Instance {
  readonly number: number
  readonly work: Work
  readonly index: number
  attempts: number
  startedAt: number | null
  part: Run | null
  ended: SimulatedInstance | null
}

type Turn =
  | { readonly kind: 'ATTEMPT'; readonly run: Run; readonly instance: Instance }
  | { readonly kind: 'END'; readonly run: Run; readonly instance: Instance; readonly outcome: SimulatedOutcome }
  | { readonly kind: 'TIME_OUT'; readonly run: Run }

interface World {
  readonly agenda: Agenda<Turn>
  instances: number
  readonly dags: NonNullable<SimulationOptions['dags']>
}

export function* simulation(
  definition: DagDefinition,
  { params = {}, run = {}, dags = {} }: SimulationOptions,
): Generator<SimulatedCall, Simulation, SimulatedOutcome> {
  const world: World = { agenda: new Agenda(), instances: 0, dags }
  const now = run.fireAt ?? 0
  const whole = begin(world, definition, params, { id: 'simulated', fireAt: now, key: null, ...run }, null, now)
  for (let turn = world.agenda.next(); turn; turn = world.agenda.next()) {
    const { at, item } = turn
    if (item.run.conclusion) continue
    if (item.kind === 'TIME_OUT') stop(world, item.run, 'RUN_TIMEOUT', at)
    else if (item.kind === 'END') endInstance(world, item.instance, item.outcome, at)
    else yield* attempt(world, item.instance, at)
  }
  return whole.conclusion!
}

function begin(
  world: World,
  definition: DagDefinition,
  params: Readonly<Record<string, unknown>>,
  run: Readonly<Record<string, unknown>>,
  partOf: Instance | null,
  now: number,
): Run {
  const dag = layOutDag(definition)
  const begun: Run = {
    ...{ definition, dag, partOf, startedAt: now },
    context: { params: { ...definition.params, ...params }, run, nodes: {} },
    counters: [...initialCounters(dag)],
    ...{ decided: new Set(), problems: new Map(), working: new Map(), ended: [] },
    states: dag.nodes.map(() => 'WAITING'),
    ...{ left: dag.nodes.length, conclusion: null },
  }
  if (partOf) partOf.part = begun
  if (definition.timeoutMs) world.agenda.addLast(now + definition.timeoutMs, { kind: 'TIME_OUT', run: begun })
  take(world, begun, roots(dag).map((node) => ({ kind: 'READY', node }) as const), now) // prettier-ignore
  return begun
}

/** Enters what is ready on the agenda and passes on what is skipped, and so on until nothing follows at once. */
function take(world: World, run: Run, first: readonly Decision[], now: number): void {
  const queue: Decision[] = []
  const enqueue = (decisions: readonly Decision[]) => {
    for (const decision of decisions) run.decided.add(decision.node)
    queue.push(...decisions)
  }
  enqueue(first)
  // Grows while it is walked.
  for (const decision of queue) {
    const ended = decision.kind === 'READY' ? makeReady(world, run, decision.node, now) : skip(run, decision, now)
    if (ended) enqueue(endNode(run, decision.node, ended))
  }
  if (run.left === 0) conclude(world, run, null, now)
}

function skip(run: Run, { node, because }: Extract<Decision, { kind: 'SKIP' }>, now: number): SimulatedNode {
  const problem = run.problems.get(node)
  const { code } = run.dag.nodes[node]!.definition
  // A condition that cannot be evaluated has failed the node before which it stands.
  if (problem !== undefined && because === 'UPSTREAM_FAILED')
    return untouched(code, 'FAILED', null, { code: 'CONDITION', message: problem }, now)
  return untouched(code, 'SKIPPED', because, null, now)
}

function untouched(
  code: string,
  state: InstanceState,
  skippedBecause: SkipReason | null,
  error: unknown,
  now: number,
): SimulatedNode {
  return { code, state, skippedBecause, params: null, output: null, error, startedAt: null, endedAt: now, instances: [] }
}

/** Answers how it ended if it did at once: what it does cannot be computed, or its list is empty. */
function makeReady(world: World, run: Run, place: number, now: number): SimulatedNode | null {
  const node = run.dag.nodes[place]!.definition
  const does = workOf(node, { ...run.context }, now)
  if (does.kind === 'ERROR') {
    const error = { code: 'EXPRESSION_FAILED', message: does.message }
    return { ...untouched(node.code, 'FAILED', null, error, now), startedAt: now }
  }
  const { params, width } = does.value
  const work: Work = {
    ...{ run, place, node, does: does.value, startedAt: now, left: params.length, next: 0 },
    instances: [],
  }
  for (const index of params.keys()) {
    work.instances.push({ number: ++world.instances, work, index, attempts: 0, startedAt: null, part: null, ended: null })
  }
  if (work.left === 0) return whole(work, now)
  run.working.set(place, work)
  while (work.next < Math.min(width, params.length)) enterNext(world, work, now)
  return null
}

function enterNext(world: World, work: Work, now: number): void {
  world.agenda.add(now, { kind: 'ATTEMPT', run: work.run, instance: work.instances[work.next++]! })
}

function* attempt(world: World, instance: Instance, now: number): Generator<SimulatedCall, void, SimulatedOutcome> {
  const { work, index } = instance
  const { node, does, run } = work
  instance.startedAt ??= now
  instance.attempts++
  const part = node.dag !== undefined && Object.hasOwn(world.dags, node.dag) ? world.dags[node.dag]! : null
  if (part) return beginPart(world, instance, part, now)
  const outcome = yield {
    ...{ code: node.code, path: [...pathOf(run.partOf), node.code].join('/'), node },
    ...{
      instance: instance.number,
      index: node.forEach ? index : null,
      total: work.instances.length,
      attempt: instance.attempts,
    },
    ...{ params: does.params[index], event: eventOf(does), at: now },
  }
  const endedAt = Math.max(now + (outcome.durationMs ?? 0), does.wait?.kind === 'TIME' ? does.wait.dueAt : now)
  if (outcome.retryAfterMs === undefined) world.agenda.add(endedAt, { kind: 'END', run, instance, outcome })
  else world.agenda.add(endedAt + outcome.retryAfterMs, { kind: 'ATTEMPT', run, instance })
}

const eventOf = ({ wait }: NodeWork) => (wait?.kind === 'EVENT' ? { name: wait.name, key: wait.key } : null)

const pathOf = (instance: Instance | null): readonly string[] =>
  instance ? [...pathOf(instance.work.run.partOf), instance.work.node.code] : []

function beginPart(world: World, instance: Instance, part: DagDefinition, now: number): void {
  if (pathOf(instance).length >= DEEPEST_SUB_DAG) {
    return endInstance(world, instance, { state: 'FAILED', error: SUB_DAG_TOO_DEEP }, now)
  }
  const params = instance.work.does.params[instance.index] as Readonly<Record<string, unknown>>
  begin(world, part, params, { id: 'simulated', fireAt: null, key: null }, instance, now)
}

function endInstance(world: World, instance: Instance, outcome: SimulatedOutcome, now: number): void {
  const { work } = instance
  settle(instance, outcome, now)
  if (work.next < work.instances.length) enterNext(world, work, now)
  if (work.left > 0) return
  const decisions = endNode(work.run, work.place, whole(work, now))
  take(world, work.run, decisions, now)
}

function settle(instance: Instance, outcome: SimulatedOutcome, now: number): void {
  const { work, index, attempts, startedAt, part } = instance
  const { state = 'SUCCESS', output = null, error = null } = outcome
  work.left--
  instance.ended = {
    ...{ state, params: work.does.params[index], output, error: state === 'SUCCESS' ? null : error },
    ...{ attempts, startedAt, endedAt: now, run: part?.conclusion ?? null },
  }
}

/** A node from its instances. A fan-out over nothing is a success: everything that was to be done is. */
function whole({ node, instances, startedAt }: Work, now: number): SimulatedNode {
  const ended = instances.map((instance) => instance.ended!)
  const common = { code: node.code, skippedBecause: null, startedAt, endedAt: now, instances: ended }
  if (!node.forEach) {
    const [{ state, params, output, error }] = ended as [SimulatedInstance]
    return { ...common, state, params, output, error }
  }
  const good = ended.filter(({ state }) => state === 'SUCCESS').length
  const succeeded = good >= (node.forEach.successShare ?? 1) * ended.length
  const bad = ended.some(({ state }) => state === 'CANCELLED') ? 'CANCELLED' : 'FAILED'
  return {
    ...{ ...common, state: succeeded ? 'SUCCESS' : bad },
    params: ended.map(({ params }) => params),
    output: ended.map(({ output }) => output),
    error: succeeded ? null : { code: 'ELEMENTS_FAILED', message: `${good} of ${ended.length} succeeded.` },
  }
}

/** Notes how a node ended and decides about those that it leads to. */
function endNode(run: Run, place: number, ended: SimulatedNode): readonly Decision[] {
  note(run, place, ended)
  const passed = passOn(run.dag, place, ended, run.context)
  for (const { node: target, outcome, problem } of passed) {
    run.counters[target] = countIn(run.counters[target]!, outcome)
    if (problem !== undefined) run.problems.set(target, problem)
  }
  const waiting = new Set(passed.map(({ node }) => node).filter((node) => !run.decided.has(node)))
  return advance(
    run.dag,
    [...waiting].map((node) => ({ node, parents: run.counters[node]! })),
  )
}

function note(run: Run, place: number, ended: SimulatedNode): void {
  const { code, state, output, error } = ended
  run.left--
  run.working.delete(place)
  run.ended.push(ended)
  run.states[place] = state
  run.context.nodes[code] = { state, output, error }
}

/** Ends a run before its nodes have: what is at work is cancelled, and so is what has not begun. */
function stop(world: World, run: Run, reason: RunStop, now: number): void {
  const error = { code: reason, message: 'It was stopped with its run.' }
  for (const work of run.working.values()) {
    for (const instance of work.instances.filter(({ ended }) => !ended)) {
      if (instance.part && !instance.part.conclusion) stop(world, instance.part, 'CANCEL', now)
      settle(instance, { state: 'CANCELLED', error }, now)
    }
    note(run, work.place, whole(work, now))
  }
  for (const [place, { definition }] of run.dag.nodes.entries()) {
    if (run.states[place] === 'WAITING') note(run, place, untouched(definition.code, 'CANCELLED', null, error, now))
  }
  conclude(world, run, reason, now)
}

function conclude(world: World, run: Run, stopped: RunStop | null, now: number): void {
  const { dag, definition, context, startedAt, partOf } = run
  const outcome = outcomeOfRun(dag, run.states, stopped)
  const given = outcome === 'SUCCESS' && definition.output !== undefined
  const output = given ? resolve(definition.output, { ...context }) : null
  const state = output?.kind === 'ERROR' ? 'FAILED' : outcome
  run.conclusion = {
    ...{ state, nodes: run.ended, startedAt, endedAt: now },
    output: output?.kind === 'VALUE' ? output.value : null,
    outputProblem: output?.kind === 'ERROR' ? output.message : null,
  }
  // Whoever cancels a part ends its instance as well.
  if (partOf && stopped !== 'CANCEL') endInstance(world, partOf, outcomeOfPart(run.conclusion), now)
}

const STATE_OF_PART = {
  SUCCESS: 'SUCCESS',
  SKIPPED: 'FAILED',
  FAILED: 'FAILED',
  TIMEOUT: 'TIMEOUT',
  CANCELLED: 'CANCELLED',
} as const

function outcomeOfPart({
  state,
  output,
  outputProblem,
}: {
  readonly state: FinalRunState
  readonly output: unknown
  readonly outputProblem: string | null
}): SimulatedOutcome {
  if (state === 'SUCCESS') return { output }
  const why = outputProblem === null ? '' : `: its output cannot be computed: ${outputProblem}`
  const message = `The run of the sub-DAG ended ${state}${why}.`
  return { state: STATE_OF_PART[state], error: { code: `SUB_DAG_${state}`, message } }
}
