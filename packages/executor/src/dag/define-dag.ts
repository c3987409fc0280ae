import type { DagDocument } from '@carillon/contract'
import { validateDagDefinition, type DagDefinition, type EdgeDefinition, type NodeDefinition } from '@carillon/core'
import { stringify } from 'yaml'
import type { Handler } from '../define-handler.ts'
import type { After, NodeOptions } from './node-options.ts'

/** Everything a document of a DAG says but its nodes: name, description, labels, policies; the run's params, output and time-out. */
export interface DagOptions extends Omit<DagDocument, 'kind' | 'code' | 'nodes' | 'edges' | 'paramsSchema'> {
  /** A TypeBox type or a JSON schema. */
  readonly paramsSchema?: object
}

/** A DAG in code, as others take it. */
export interface DagSource {
  readonly code: string
  /** The definition, that is what a version of the DAG holds. Throws where it is not valid. */
  definition(): DagDefinition
  /** Handlers that its nodes name, by the code of the task. */
  readonly handlers: ReadonlyMap<string, Handler>
  /** DAGs that its nodes name, by code. */
  readonly dags: ReadonlyMap<string, DagSource>
}

/** A DAG in code. It is a value: every method gives a new one. `Codes` are those of its nodes. */
export interface Dag<Codes extends string = never> extends DagSource {
  /**
   * Adds a node behind nodes that are there already.
   *
   * @example
   * dag.node('load', { task: 'load-orders', handler: load, after: { extract: 'output.rows > 0' }, params: { day: expr('params.day') } })
   */
  node<const Code extends string, P>(code: Code, options: NodeOptions<Codes, P>): Dag<Codes | Code>
  /** Adds an edge between nodes that are there. */
  edge(from: Codes, to: Codes, options?: { readonly condition?: string }): Dag<Codes>
  /** The document that `carillon apply` takes. Throws where the definition is not valid. */
  toDocument(): DagDocument
  /** The document as YAML, for a file. */
  toYaml(): string
}

/**
 * Begins a DAG in code: the same definition as that of a document `kind: Dag`.
 *
 * @param code lower-case letters, digits and dashes; what `dag:` of other DAGs and `carillon run` name
 * @example
 * const nightly = defineDag('nightly', { params: { day: 'today' } })
 *   .node('extract', { task: 'extract-orders', handler: extract, params: { day: expr('params.day') } })
 *   .node('load', { task: 'load-orders', after: { extract: 'output.rows > 0' } })
 * writeFileSync('nightly.yaml', nightly.toYaml())
 */
export function defineDag(code: string, options: DagOptions = {}): Dag {
  return dagOf({ code, options, nodes: [], edges: [], handlers: new Map(), dags: new Map() })
}

interface Parts {
  readonly code: string
  readonly options: DagOptions
  readonly nodes: readonly NodeDefinition[]
  readonly edges: readonly EdgeDefinition[]
  readonly handlers: ReadonlyMap<string, Handler>
  readonly dags: ReadonlyMap<string, DagSource>
}

function dagOf<Codes extends string>(parts: Parts): Dag<Codes> {
  const { code, handlers, dags } = parts
  return {
    ...{ code, handlers, dags },
    node: (nodeCode, options) => dagOf(withNode(parts, nodeCode, options as NodeOptions<string, unknown>)),
    edge: (from, to, { condition } = {}) => dagOf({ ...parts, edges: [...parts.edges, edgeOf(from, to, condition)] }),
    definition: () => definitionOf(parts),
    toDocument: () => documentOf(parts),
    toYaml: () => stringify(documentOf(parts), { lineWidth: 110, aliasDuplicateObjects: false }),
  }
}

function withNode(parts: Parts, code: string, { after = [], ...options }: NodeOptions<string, unknown>): Parts {
  const { handler, dag, ...rest } = options
  const node = { code, ...rest, ...(dag === undefined ? {} : { dag: typeof dag === 'string' ? dag : dag.code }) }
  return {
    ...parts,
    nodes: [...parts.nodes, plain(node) as NodeDefinition],
    edges: [...parts.edges, ...edgesTo(code, after)],
    handlers: handler && rest.task !== undefined ? new Map([...parts.handlers, [rest.task, handler]]) : parts.handlers,
    dags: typeof dag === 'object' ? new Map([...parts.dags, [dag.code, dag]]) : parts.dags,
  }
}

function edgesTo(to: string, after: After<string>): readonly EdgeDefinition[] {
  if (typeof after === 'string') return [edgeOf(after, to)]
  if (isList(after)) return after.map((from) => edgeOf(from, to))
  return Object.entries(after).map(([from, condition]) => edgeOf(from, to, condition === true ? undefined : condition))
}

const isList = (after: Exclude<After<string>, string>): after is readonly string[] => Array.isArray(after)

function edgeOf(from: string, to: string, condition?: string): EdgeDefinition {
  return { from, to, ...(condition === undefined ? {} : { condition }) }
}

function definitionOf({ code, options, nodes, edges }: Parts): DagDefinition {
  const { params, paramsSchema, output, timeoutMs } = options
  const definition = plain({ nodes, edges, params, paramsSchema, output, timeoutMs }) as DagDefinition
  const problems = validateDagDefinition(definition)
  if (problems.length === 0) return definition
  const lines = problems.map(({ path, node, edge, message }) => {
    const place = edge ? `edge ${edge.from} → ${edge.to}` : node === undefined ? path : `node ${node}`
    return `  ${place}: ${message}`
  })
  throw new TypeError([`The DAG "${code}" is not valid:`, ...lines].join('\n'))
}

function documentOf(parts: Parts): DagDocument {
  const { nodes, edges, ...rest } = definitionOf(parts)
  const { params: _, paramsSchema: __, output: ___, timeoutMs: ____, ...fields } = parts.options
  return { kind: 'Dag', code: parts.code, ...fields, ...rest, nodes, edges } as DagDocument
}

/** As it will be read: without what is undefined, and without what schemas hold for their compiler alone. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
