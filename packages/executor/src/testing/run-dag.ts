import type { DagDocument } from '@carillon/contract'
import {
  simulationOf,
  validateDagDefinition,
  type DagDefinition,
  type RetryPolicy,
  type SimulatedCall,
  type SimulatedNode,
  type SimulatedOutcome,
  type Simulation,
} from '@carillon/core'
import type { HandlerContext } from '../context.ts'
import type { DagSource } from '../dag/define-dag.ts'
import type { Handler } from '../define-handler.ts'
import { answerApproval, answerEvent, type ApprovalAnswer, type TestEvent } from './answers.ts'
import type { TestLog } from './attempt.ts'
import { runTask } from './run-task.ts'

/** A DAG of `defineDag`, or a document of kind Dag, read from YAML or JSON. */
export type TestedDag = DagSource | DagDefinition | DagDocument

/** A task as the server would know it. What is left out is Carillon's default: three retries, no time-out. */
export interface TestTask {
  /** What executes it: its handler, or a function that stands in for what runs elsewhere (a task of kind `http`). */
  readonly handler?: Handler | ((context: HandlerContext) => unknown)
  /** The task's own parameters, under those of the node. */
  readonly params?: Readonly<Record<string, unknown>>
  readonly retry?: Partial<RetryPolicy>
  readonly timeoutMs?: number
  readonly settings?: unknown
  readonly variables?: Readonly<Record<string, string>>
  /** How long an attempt takes in virtual time; 0 unless given. */
  readonly takesMs?: number | ((call: SimulatedCall) => number)
}

/** What waits for a person, and since when. */
export interface WaitingApproval {
  readonly code: string
  /** With the nodes that it is a part of: `nightly/review`. */
  readonly path: string
  readonly prompt: string | null
  /** Epoch milliseconds of virtual time. */
  readonly at: number
}

export interface DagTest {
  /** Parameters of the run, laid over the DAG's own. */
  readonly params?: Readonly<Record<string, unknown>>
  /** What expressions see as `run`. `fireAt`, epoch milliseconds, is when the virtual clock starts; 0 unless given. */
  readonly run?: { readonly id?: string; readonly fireAt?: number; readonly key?: string | null }
  /** Tasks by code. Those whose node names its handler need none. */
  readonly tasks?: Readonly<Record<string, TestTask | NonNullable<TestTask['handler']>>>
  /** Sub-DAGs by code that the DAG does not name as values. */
  readonly dags?: Readonly<Record<string, TestedDag>>
  /** Decisions by the node's code, in a sub-DAG by its path; `true` approves at once. */
  readonly approvals?: Readonly<
    Record<string, ApprovalAnswer | ((waiting: WaitingApproval) => ApprovalAnswer | Promise<ApprovalAnswer>)>
  >
  readonly events?: readonly TestEvent[]
  /** Values of secrets, by name. */
  readonly secrets?: Readonly<Record<string, unknown>>
}

export interface DagTestLog extends TestLog {
  /** Of the node, with those that it is a part of. */
  readonly path: string
  readonly index: number | null
  readonly attempt: number
  /** When the attempt started, epoch milliseconds of virtual time. */
  readonly at: number
}

/** What became of the run and of each node; times are those of the virtual clock. */
export interface DagTestResult extends Simulation {
  /** The node of this code. Throws where there is none. */
  node(code: string): SimulatedNode
  readonly logs: readonly DagTestLog[]
}

/**
 * Runs a DAG in virtual time, without a server: the engine is the server's, the handlers are the real ones, one attempt after the other in
 * the order of virtual time. Retries come after their pause (without its random part), waits make the clock jump, people and events are
 * the test's. Rejects where the test leaves open how something goes on: a task without a handler, an approval that nobody answers.
 *
 * @example
 * const result = await runDag(nightly, {
 *   params: { day: '2024-02-29' },
 *   tasks: { 'send-mail': () => ({ sent: 1 }) },
 *   approvals: { review: { approve: true, afterMs: 3_600_000 } },
 *   events: [{ name: 'file-arrived', key: '2024-02-29', payload: { size: 10 } }],
 * })
 * result.node('load').output
 */
export async function runDag(dag: TestedDag, test: DagTest = {}): Promise<DagTestResult> {
  const { params = {}, run = {} } = test
  const world = worldOf(dag, test)
  const calls = simulationOf(withTaskParams(definitionOf(dag), world.tasks), {
    ...{ params, run },
    dags: Object.fromEntries([...world.dags].map(([code, each]) => [code, withTaskParams(definitionOf(each), world.tasks)])),
  })
  const startedAt = run.fireAt ?? 0
  let step = calls.next()
  while (!step.done) step = calls.next(await answer(step.value, test, world, startedAt))
  const simulation = step.value
  return {
    ...simulation,
    logs: world.logs,
    node(code) {
      const found = simulation.nodes.find((node) => node.code === code)
      if (!found)
        throw new Error(`The DAG has no node "${code}"; it has ${simulation.nodes.map((node) => node.code).join(', ')}.`)
      return found
    },
  }
}

interface World {
  readonly tasks: ReadonlyMap<string, TestTask>
  readonly dags: ReadonlyMap<string, TestedDag>
  readonly logs: DagTestLog[]
}

function worldOf(dag: TestedDag, { tasks = {}, dags = {} }: DagTest): World {
  const known = new Map<string, TestedDag>(Object.entries(dags))
  const sources = [dag, ...known.values()].filter(isSource)
  const handlers = new Map<string, Handler>()
  // Grows while it is walked: DAGs name DAGs.
  for (const source of sources) {
    for (const [task, handler] of source.handlers) handlers.set(task, handler)
    for (const [code, each] of source.dags) {
      if (known.has(code)) continue
      known.set(code, each)
      sources.push(each)
    }
  }
  const given = Object.entries(tasks).map(([code, task]): [string, TestTask] => [code, isTask(task) ? task : { handler: task }])
  const all = new Map<string, TestTask>([...handlers].map(([code, handler]) => [code, { handler }]))
  for (const [code, task] of given) all.set(code, { ...all.get(code), ...task })
  return { tasks: all, dags: known, logs: [] }
}

const isSource = (dag: TestedDag): dag is DagSource => 'definition' in dag

const isTask = (task: TestTask | NonNullable<TestTask['handler']>): task is TestTask =>
  typeof task !== 'function' && !('run' in task && 'check' in task)

function definitionOf(dag: TestedDag): DagDefinition {
  if (isSource(dag)) return dag.definition()
  const { nodes, edges = [], params, paramsSchema, output, timeoutMs } = dag
  const definition = { nodes, edges, params, paramsSchema, output, timeoutMs } as DagDefinition
  const [problem] = validateDagDefinition(definition)
  if (problem) throw new TypeError(`The DAG is not valid: ${problem.path}: ${problem.message}`)
  return definition
}

/** A node's parameters lie over its task's own before anything in them is computed, as on the server. */
function withTaskParams(definition: DagDefinition, tasks: World['tasks']): DagDefinition {
  const nodes = definition.nodes.map((node) => {
    const own = node.task === undefined ? undefined : tasks.get(node.task)?.params
    return own ? { ...node, params: { ...own, ...node.params } } : node
  })
  return { ...definition, nodes }
}

async function answer(call: SimulatedCall, test: DagTest, world: World, startedAt: number): Promise<SimulatedOutcome> {
  const { node, path } = call
  if (node.approval) {
    const given = own(test.approvals, path)
    const { prompt = null } = node.approval
    const decided = typeof given === 'function' ? await given({ code: node.code, path, prompt, at: call.at }) : given
    return answerApproval(call, node.approval, decided)
  }
  if (node.wait)
    return node.wait.event ? answerEvent(call, node.wait.event, test.events ?? [], startedAt) : { output: { waited: true } }
  if (node.task === undefined) {
    throw new Error(
      `The node "${path}" runs the DAG "${node.dag}", which this test does not know: give dags: { '${node.dag}': … }.`,
    )
  }
  const ran = await runTask(call, node.task, world.tasks.get(node.task), test)
  for (const log of ran.logs) world.logs.push({ ...log, path, index: call.index, attempt: call.attempt, at: call.at })
  return ran.outcome
}

const own = <T>(map: Readonly<Record<string, T>> | undefined, key: string) =>
  map && Object.hasOwn(map, key) ? map[key] : undefined
