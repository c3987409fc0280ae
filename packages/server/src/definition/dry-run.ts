import { setImmediate } from 'node:timers/promises'
import type { DryRun } from '@carillon/contract'
import {
  CarillonError,
  simulationOf,
  type DagDefinition,
  type FieldProblem,
  type NodeDefinition,
  type SimulatedCall,
  type SimulatedNode,
  type SimulatedOutcome,
  type Simulation,
} from '@carillon/core'
import { definitionProblems, refuseProblems } from './check-dag.ts'
import { findReferences } from './dag-references.ts'
import { findDagVersion } from './dag-version.ts'
import type { Edit } from './edit.ts'
import { invalidFields } from './invalid.ts'
import { assertParamsSize, computedProblems, paramsProblems, type Json } from './params-schema.ts'

// A dry run is work that anyone who may read can ask for, in the process that answers everybody: it is bounded, and lets others through.

const MOST_INSTANCES = 20_000
const MOST_BYTES = 16_000_000
const TURN_MS = 10

/** A version as a run of it would be computed. */
export interface Runnable {
  /** Its nodes have the parameters of their tasks under their own. */
  readonly definition: DagDefinition
  /** The schemas of these tasks' parameters, by the code of the node; null: it has none. */
  readonly schemas: ReadonlyMap<string, Json | null>
}

/** Refused where it could not be activated. */
export async function findRunnable(
  { tx, tenantId, limits }: Pick<Edit, 'tx' | 'tenantId' | 'limits'>,
  ref: string,
  number: number,
): Promise<Runnable> {
  const { dag, version } = await findDagVersion(tx, tenantId, ref, number)
  const { definition } = version
  const references = await findReferences(tx, tenantId, [definition], { hold: false })
  refuseProblems(definitionProblems(definition, references, { code: dag.code, schemaBytes: limits.schemaBytes }), '/definition')
  const taskOf = ({ task }: NodeDefinition) => (task === undefined ? null : references.task(task)!.node)
  const nodes = definition.nodes.map((node) => {
    const task = taskOf(node)
    return task === null ? node : { ...node, params: { ...task.params, ...node.params } }
  })
  const schemas = new Map(definition.nodes.map((node) => [node.code, taskOf(node)?.paramsSchema ?? null]))
  return { definition: { ...definition, nodes }, schemas }
}

/** A node as it ended, and what of its parameters its task would refuse. */
export interface DryNode extends SimulatedNode {
  readonly problems: readonly FieldProblem[]
}

export interface DryRunAnswer extends Simulation {
  readonly nodes: readonly DryNode[]
}

export async function dryRun(
  { definition, schemas }: Runnable,
  { params = {}, fireAt = Date.now(), key = null, outcomes = {} }: DryRun,
  { paramsBytes }: Pick<Edit['limits'], 'paramsBytes'>,
): Promise<DryRunAnswer> {
  assertParamsSize(params, paramsBytes)
  const refused = [...strangers(definition, outcomes), ...unfit(definition, params)]
  if (refused.length > 0) throw invalidFields(refused)
  const outcomeOf = ({ code, index }: SimulatedCall): SimulatedOutcome => {
    const given = Object.hasOwn(outcomes, code) ? outcomes[code]! : {}
    return Array.isArray(given) ? (given[index ?? 0] ?? {}) : given
  }
  const letOthers = turns()
  const simulation = await played(simulationOf(definition, { params, run: { fireAt, key } }), outcomeOf, letOthers)
  const fannedOut = new Set(definition.nodes.flatMap((node) => (node.forEach ? [node.code] : [])))
  const nodes: DryNode[] = []
  for (const node of simulation.nodes) {
    const given = node.params === null ? [] : fannedOut.has(node.code) ? (node.params as unknown[]) : null
    nodes.push({
      ...node,
      problems: await misfits(schemas.get(node.code) ?? null, given ?? [node.params], given !== null, letOthers),
    })
  }
  return { ...simulation, nodes }
}

/** Lets others through when it is their turn. */
function turns(): () => Promise<void> {
  let began = performance.now()
  return async () => {
    if (performance.now() - began <= TURN_MS) return
    await setImmediate()
    began = performance.now()
  }
}

const MOST_PROBLEMS = 10

async function misfits(
  schema: Json | null,
  given: readonly unknown[],
  isFanOut: boolean,
  letOthers: () => Promise<void>,
): Promise<FieldProblem[]> {
  const problems: FieldProblem[] = []
  if (schema === null) return problems
  for (const [index, params] of given.entries()) {
    problems.push(...computedProblems(schema, params as Json, isFanOut ? `/${index}` : ''))
    if (problems.length >= MOST_PROBLEMS) return problems.slice(0, MOST_PROBLEMS)
    await letOthers()
  }
  return problems
}

async function played(
  simulation: ReturnType<typeof simulationOf>,
  outcomeOf: (call: SimulatedCall) => SimulatedOutcome,
  letOthers: () => Promise<void>,
): Promise<Simulation> {
  let [instances, bytes] = [0, 0]
  let step = simulation.next()
  while (!step.done) {
    instances += 1
    bytes += JSON.stringify(step.value.params)?.length ?? 0
    refuseTooLarge(instances, bytes)
    await letOthers()
    step = simulation.next(outcomeOf(step.value))
  }
  return step.value
}

function refuseTooLarge(instances: number, bytes: number): void {
  if (instances > MOST_INSTANCES)
    throw new CarillonError(
      'TOO_LARGE',
      `A dry run goes through at most ${MOST_INSTANCES} instances. Give a fan-out fewer elements.`,
    )
  if (bytes > MOST_BYTES)
    throw new CarillonError(
      'TOO_LARGE',
      `The parameters of all nodes are longer than ${MOST_BYTES} bytes together, the most of a dry run.`,
    )
}

function strangers({ nodes }: DagDefinition, outcomes: object) {
  const codes = new Set(nodes.map(({ code }) => code))
  return Object.keys(outcomes)
    .filter((code) => !codes.has(code))
    .map((code) => ({ path: `/body/outcomes/${code}`, message: 'names no node of this version' }))
}

function unfit({ params: defaults, paramsSchema }: DagDefinition, params: Readonly<Record<string, unknown>>) {
  return paramsSchema === undefined ? [] : paramsProblems(paramsSchema, { ...defaults, ...params }, '/body/params')
}
