import { setImmediate } from 'node:timers/promises'
import type { DryRun } from '@carillon/contract'
import {
  CarillonError,
  simulationOf,
  type DagDefinition,
  type SimulatedCall,
  type SimulatedOutcome,
  type Simulation,
} from '@carillon/core'
import { definitionProblems, refuseProblems } from './check-dag.ts'
import { findReferences } from './dag-references.ts'
import { findDagVersion } from './dag-version.ts'
import type { Edit } from './edit.ts'
import { invalidFields } from './invalid.ts'
import { assertParamsSize, paramsProblems } from './params-schema.ts'

// A dry run is work that anyone who may read can ask for, in the process that answers everybody: it is bounded, and lets others through.

const MOST_INSTANCES = 20_000
const MOST_BYTES = 16_000_000
const TURN_MS = 10

/** A version as a run of it would be computed: its nodes have the parameters of their tasks under their own. Refused where it could not be activated. */
export async function findRunnable(
  { tx, tenantId, limits }: Pick<Edit, 'tx' | 'tenantId' | 'limits'>,
  ref: string,
  number: number,
): Promise<DagDefinition> {
  const { dag, version } = await findDagVersion(tx, tenantId, ref, number)
  const { definition } = version
  const references = await findReferences(tx, tenantId, [definition], { hold: false })
  refuseProblems(definitionProblems(definition, references, { code: dag.code, schemaBytes: limits.schemaBytes }), '/definition')
  const nodes = definition.nodes.map((node) =>
    node.task === undefined ? node : { ...node, params: { ...references.task(node.task)!.node.params, ...node.params } },
  )
  return { ...definition, nodes }
}

export async function dryRun(
  definition: DagDefinition,
  { params = {}, fireAt = Date.now(), key = null, outcomes = {} }: DryRun,
  { paramsBytes }: Pick<Edit['limits'], 'paramsBytes'>,
): Promise<Simulation> {
  assertParamsSize(params, paramsBytes)
  const refused = [...strangers(definition, outcomes), ...unfit(definition, params)]
  if (refused.length > 0) throw invalidFields(refused)
  const outcomeOf = ({ code, index }: SimulatedCall): SimulatedOutcome => {
    const given = Object.hasOwn(outcomes, code) ? outcomes[code]! : {}
    return Array.isArray(given) ? (given[index ?? 0] ?? {}) : given
  }
  return played(simulationOf(definition, { params, run: { fireAt, key } }), outcomeOf)
}

async function played(
  simulation: ReturnType<typeof simulationOf>,
  outcomeOf: (call: SimulatedCall) => SimulatedOutcome,
): Promise<Simulation> {
  let [instances, bytes, turnBegan] = [0, 0, performance.now()]
  let step = simulation.next()
  while (!step.done) {
    instances += 1
    bytes += JSON.stringify(step.value.params)?.length ?? 0
    refuseTooLarge(instances, bytes)
    if (performance.now() - turnBegan > TURN_MS) {
      await setImmediate()
      turnBegan = performance.now()
    }
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
