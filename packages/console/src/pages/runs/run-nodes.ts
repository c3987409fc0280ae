import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { STATES_BY_NEED, type StateWord } from '../../components/states.ts'
import { groupBy } from './group.ts'

export type RunInstance = RunDetail['instances'][number]
type Definition = Pick<DagDefinitionView, 'nodes' | 'edges'>

/** What the run is of, by its code. */
export function nameOf({ kind, task, dag }: Pick<RunDetail, 'kind' | 'task' | 'dag'>, deleted: string): string {
  return (kind === 'DAG' ? dag?.code : task?.code) ?? deleted
}

/** A node of a run as people see it: one thing, however many elements or repetitions it has. */
export interface RunNode {
  /** Code in the DAG; of a task's run the task's. */
  readonly code: string
  readonly name: string
  readonly state: StateWord
  /** The present one of each element or shard, in their order. */
  readonly instances: readonly RunInstance[]
  readonly startedAt: number | null
  /** null while one of its instances is under way. */
  readonly endedAt: number | null
}

/** What stands first when several are one: what is under way, then what went wrong. */
const ORDER: readonly StateWord[] = [
  'RUNNING',
  'RETRYING',
  'RESERVED',
  'PENDING',
  'WAITING',
  'FAILED',
  'TIMEOUT',
  'LOST',
  'CANCELLED',
  'SUCCESS',
  'SKIPPED',
]
const OPEN = new Set<StateWord>(['RUNNING', 'RETRYING', 'RESERVED', 'PENDING', 'WAITING'])
export const BAD = new Set<StateWord>(['FAILED', 'TIMEOUT', 'LOST'])

/** A task that waits for its next attempt is told from one that waits for its turn. */
export function stateOf({ state, waitReason, task }: Pick<RunInstance, 'state' | 'waitReason' | 'task'>): StateWord {
  return state === 'WAITING' && waitReason === 'TIME' && task !== null ? 'RETRYING' : state
}

/** The nodes of a run, in the order of its DAG. A node that was run again counts as it is now. */
export function nodesOf(instances: readonly RunInstance[], definition: Definition | null): readonly RunNode[] {
  const byNode = groupBy(instances, ({ node }) => node)
  const definitions = new Map(definition?.nodes.map((node) => [node.code, node]))
  return [...byNode]
    .sort(([a], [b]) => a - b)
    .map(([, all]) => {
      const present = lastOfEach(all)
      const first = present[0]!
      const code = first.nodeCode ?? first.task?.code ?? `#${first.node}`
      const defined = definitions.get(code)
      const ends = present.map(({ endedAt }) => endedAt)
      const starts = present.flatMap(({ startedAt }) => (startedAt === null ? [] : [startedAt]))
      return {
        code,
        name: defined?.name ?? code,
        state: stateOfAll(present, defined?.forEach?.successShare),
        instances: present,
        startedAt: starts.length === 0 ? null : Math.min(...starts),
        endedAt: ends.includes(null) ? null : Math.max(...(ends as number[])),
      }
    })
}

function lastOfEach(instances: readonly RunInstance[]): readonly RunInstance[] {
  const last = new Map<number, RunInstance>()
  for (const instance of instances) {
    const known = last.get(instance.shardIndex)
    if (known === undefined || known.id < instance.id) last.set(instance.shardIndex, instance)
  }
  return [...last.values()].sort((a, b) => a.shardIndex - b.shardIndex)
}

/** A fan-out succeeds when enough of its elements do. */
function stateOfAll(instances: readonly RunInstance[], successShare = 1): StateWord {
  const states = instances.map(stateOf)
  const succeeded = states.filter((state) => state === 'SUCCESS').length
  const over = !states.some((state) => OPEN.has(state))
  if (over && instances.length > 1 && succeeded > 0 && succeeded / instances.length >= successShare) return 'SUCCESS'
  return ORDER.find((state) => states.includes(state)) ?? states[0]!
}

export interface Progress {
  readonly done: number
  readonly total: number
  readonly running: number
  readonly failed: number
}

export function progressOf(nodes: readonly Pick<RunNode, 'state'>[]): Progress {
  const count = (of: (state: StateWord) => boolean) => nodes.filter(({ state }) => of(state)).length
  return {
    done: count((state) => !OPEN.has(state)),
    total: nodes.length,
    running: count((state) => state === 'RUNNING'),
    failed: count((state) => BAD.has(state)),
  }
}

/** Nodes by their state, what needs a look first. */
export function byState(nodes: readonly RunNode[]): readonly (readonly [StateWord, readonly RunNode[]])[] {
  const groups = groupBy(nodes, ({ state }) => state)
  return STATES_BY_NEED.flatMap((state) => (groups.has(state) ? [[state, groups.get(state)!] as const] : []))
}

/** From failure to failure in the order of the DAG, around and around; undefined: nothing failed. */
export function nextFailure(nodes: readonly RunNode[], selected: string | null, by: 1 | -1): RunNode | undefined {
  const failed = nodes.filter(({ state }) => BAD.has(state))
  const present = failed.findIndex(({ code }) => code === selected)
  if (present !== -1) return failed.at((present + by) % failed.length)
  const here = nodes.findIndex(({ code }) => code === selected)
  const isAhead = (node: RunNode) => (nodes.indexOf(node) - here) * by > 0
  return by === 1 ? (failed.find(isAhead) ?? failed[0]) : (failed.findLast(isAhead) ?? failed.at(-1))
}

export interface NodeOutput {
  readonly instance: number
  readonly name: string
  /** Which of several it is, from 0; null: its node has one instance. */
  readonly element: number | null
}

/** What has an output that can be read, whether it came with the run or not: first that of the nodes behind which there is none. */
export function outputsOf(nodes: readonly RunNode[], edges: Definition['edges']): readonly NodeOutput[] {
  const inside = new Set(edges.map(({ from }) => from))
  const isEnd = ({ code }: RunNode) => !inside.has(code)
  return [...nodes.filter(isEnd), ...nodes.filter((node) => !isEnd(node))].flatMap(({ name, instances }) =>
    instances
      .filter(({ output, outputLeftOut }) => output !== null || outputLeftOut)
      .map(({ id, shardIndex }) => ({ instance: id, name, element: instances.length === 1 ? null : shardIndex })),
  )
}

export interface EdgeOfRun {
  readonly from: string
  readonly to: string
  readonly condition: string | undefined
  /** undefined: not known yet, or what is stored of the run does not tell. */
  readonly taken: boolean | undefined
}

/**
 * Which edges a run took, as far as its nodes tell: one into or out of a node that was skipped was not taken; one without a condition from a
 * node that succeeded was, and so was the only one into a node that began. Who marks a skipped node as done lets its edges be taken.
 */
export function edgesOf(definition: Definition, nodes: readonly RunNode[]): readonly EdgeOfRun[] {
  const states = new Map(nodes.map((node) => [node.code, node]))
  const into = groupBy(definition.edges, ({ to }) => to)
  return definition.edges.map(({ from, to, condition }) => {
    const source = states.get(from)
    const target = states.get(to)
    const began = target !== undefined && (target.startedAt !== null || (target.endedAt !== null && target.state !== 'SKIPPED'))
    const sure = condition === undefined || into.get(to)!.length === 1
    const taken =
      passedBy(source) || passedBy(target)
        ? false
        : began && sure && source !== undefined && !OPEN.has(source.state)
          ? true
          : undefined
    return { from, to, condition, taken }
  })
}

const passedBy = (node: RunNode | undefined): boolean => node?.state === 'SKIPPED' && !isMarkedDone(node)

const isMarkedDone = ({ instances }: RunNode): boolean => instances.some(({ error }) => codeOf(error) === 'DONE')

/** What a failed attempt says, whatever it was that failed. */
export interface Failure {
  readonly code: string | null
  readonly message: string
  readonly stack: string | null
}

export function failureOf(error: unknown): Failure | null {
  if (error === null || error === undefined) return null
  if (typeof error !== 'object') return { code: null, message: String(error), stack: null }
  const { message, stack } = error as { message?: unknown; stack?: unknown }
  return {
    code: codeOf(error),
    message: typeof message === 'string' ? message : JSON.stringify(error),
    stack: typeof stack === 'string' ? stack : null,
  }
}

function codeOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : null
  return typeof code === 'string' ? code : null
}

/** What stands and what runs again when a run is repeated from what failed. */
export function repeatedFromFailed(nodes: readonly RunNode[]): { readonly stand: number; readonly again: readonly string[] } {
  const stands = (node: RunNode) => node.state === 'SUCCESS' || isMarkedDone(node)
  return { stand: nodes.filter(stands).length, again: nodes.filter((node) => !stands(node)).map(({ code }) => code) }
}
