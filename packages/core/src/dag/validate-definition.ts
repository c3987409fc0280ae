import { MOST_EDGES, MOST_NODES, type DagDefinition, type EdgeDefinition, type NodeDefinition } from './definition.ts'
import { compileExpression, type ExpressionPath } from './expression.ts'
import { compileTemplate } from './template.ts'
import { topologicalOrder } from './topological-order.ts'
import { upstreamOf, type Upstream } from './upstream.ts'

/** What is wrong with a definition, and where. */
export interface DefinitionProblem {
  /** JSON pointer into the definition: `/nodes/3/task`. */
  readonly path: string
  /** The code of the node, or the codes that the edge joins, where the problem is of one. */
  readonly node?: string
  readonly edge?: { readonly from: string; readonly to: string }
  readonly message: string
}

/**
 * Everything that is wrong with a definition whose shape is right (field by field, as the contract's schema says). Whether its tasks exist and
 * whether parameters fit their schemas is for whoever knows them.
 *
 * @example
 * validateDagDefinition({ nodes: [{ code: 'a', task: 'x' }], edges: [{ from: 'a', to: 'b' }] })
 * // [{ path: '/edges/0/to', edge: { from: 'a', to: 'b' }, message: 'There is no node "b".' }]
 */
export function validateDagDefinition(definition: DagDefinition): readonly DefinitionProblem[] {
  const tooLarge = sizeProblems(definition)
  if (tooLarge.length > 0) return tooLarge
  const graph = [...codeProblems(definition.nodes), ...edgeProblems(definition)]
  // What leads where, and so what is upstream, is known once every edge has its two nodes.
  const shape = graph.length > 0 ? graph : cycleProblems(definition)
  const upstream = shape.length > 0 ? null : upstreamOf(definition)
  const problems = [
    ...shape,
    ...triggerRuleProblems(definition),
    ...definition.nodes.flatMap((node, index) => nodeProblems(node, index, upstream)),
    ...definition.edges.flatMap(conditionProblems),
    ...defaultProblems(definition),
    ...outputProblems(definition),
  ]
  return problems.slice(0, MOST_PROBLEMS)
}

/** Nobody reads more, and a hostile definition may have hundreds of thousands. */
const MOST_PROBLEMS = 100

function sizeProblems({ nodes, edges }: DagDefinition): readonly DefinitionProblem[] {
  const problems: DefinitionProblem[] = []
  if (nodes.length === 0) problems.push({ path: '/nodes', message: 'A DAG has at least one node.' })
  if (nodes.length > MOST_NODES) {
    problems.push({
      path: '/nodes',
      message: `A DAG has at most ${MOST_NODES} nodes, this has ${nodes.length}; split it into sub-DAGs.`,
    })
  }
  if (edges.length > MOST_EDGES) {
    problems.push({
      path: '/edges',
      message: `A DAG has at most ${MOST_EDGES} edges, this has ${edges.length}; put a node between those that all wait for the same.`,
    })
  }
  return problems
}

function codeProblems(nodes: readonly NodeDefinition[]): readonly DefinitionProblem[] {
  const first = new Map<string, number>()
  return nodes.flatMap(({ code }, index) => {
    const before = first.get(code)
    if (before === undefined) first.set(code, index)
    return before === undefined ? [] : [ofNode(code, index, '/code', `The code "${code}" is already that of /nodes/${before}.`)]
  })
}

function edgeProblems({ nodes, edges }: DagDefinition): readonly DefinitionProblem[] {
  const places = placesOf(nodes)
  const first = new Map<number, number>()
  const problems: DefinitionProblem[] = []
  for (const [index, edge] of edges.entries()) {
    const [from, to] = [places.get(edge.from), places.get(edge.to)]
    if (from === undefined) problems.push(ofEdge(edge, index, '/from', `There is no node "${edge.from}".`))
    if (to === undefined) problems.push(ofEdge(edge, index, '/to', `There is no node "${edge.to}".`))
    if (from === undefined || to === undefined) continue
    if (from === to) problems.push(ofEdge(edge, index, '', `The node "${edge.from}" would wait for itself.`))
    const pair = from * nodes.length + to
    const before = first.get(pair)
    if (before === undefined) first.set(pair, index)
    else problems.push(ofEdge(edge, index, '', `It is already there as /edges/${before}; join their conditions with || or &&.`))
  }
  return problems
}

const placesOf = (nodes: readonly NodeDefinition[]) => new Map(nodes.map(({ code }, index) => [code, index]))

function cycleProblems({ nodes, edges }: DagDefinition): readonly DefinitionProblem[] {
  const places = placesOf(nodes)
  const found = topologicalOrder({
    size: nodes.length,
    edges: edges.map(({ from, to }) => ({ from: places.get(from)!, to: places.get(to)! })),
  })
  if (found.kind === 'ORDER') return []
  const codes = found.cycle.map((node) => nodes[node]!.code)
  const closing = { from: codes.at(-1)!, to: codes[0]! }
  const index = edges.findIndex(({ from, to }) => from === closing.from && to === closing.to)
  return [ofEdge(closing, index, '', `It closes a cycle: ${printCycle(codes)}.`)]
}

const PRINTED_CODES = 20

function printCycle(codes: readonly string[]): string {
  const left = codes.length - PRINTED_CODES
  const shown = left > 0 ? [...codes.slice(0, PRINTED_CODES), `… ${left} more …`] : codes
  return [...shown, codes[0]!].join(' → ')
}

function triggerRuleProblems({ nodes, edges }: DagDefinition): readonly DefinitionProblem[] {
  const waiting = new Set(edges.map(({ to }) => to))
  return nodes.flatMap(({ code, triggerRule }, index) => {
    // The default says nothing, and editors write it out.
    if (triggerRule === undefined || triggerRule === 'ALL_SUCCESS' || waiting.has(code)) return []
    const message = `${triggerRule} looks at what leads here, and nothing does; the node runs at once. Add an edge or leave the rule out.`
    return [ofNode(code, index, '/triggerRule', message)]
  })
}

/** Parameters that a run is given name no secrets, and those of a DAG that is a part are of its run. */
function paramsKnownIn(node: NodeDefinition, upstream: Upstream | null): Known {
  const noSecrets =
    node.dag === undefined
      ? undefined
      : `A DAG is given no secrets: refer to this one in the params of the nodes of ${node.dag} that need it.`
  return { ...knownIn(node, upstream, node.forEach ? PER_ELEMENT : PER_NODE), ...(noSecrets === undefined ? {} : { noSecrets }) }
}

const KINDS = ['task', 'dag', 'approval', 'wait'] as const

function nodeProblems(node: NodeDefinition, index: number, upstream: Upstream | null): readonly DefinitionProblem[] {
  const report: Report = (path, message) => ofNode(node.code, index, path, message)
  return [
    ...kindProblems(node, report),
    ...forEachProblems(node, report, upstream),
    ...waitProblems(node, report, upstream),
    ...templateProblems(node.params ?? {}, '/params', paramsKnownIn(node, upstream), report),
  ]
}

type Report = (path: string, message: string) => DefinitionProblem

function kindProblems(node: NodeDefinition, report: Report): readonly DefinitionProblem[] {
  const kinds = KINDS.filter((kind) => node[kind] !== undefined)
  const problems: DefinitionProblem[] = []
  if (kinds.length === 0) problems.push(report('', `It does nothing; give it one of ${KINDS.join(', ')}.`))
  if (kinds.length > 1)
    problems.push(report(`/${kinds[1]}`, `It has ${kinds.join(' and ')}; a node has exactly one of ${KINDS.join(', ')}.`))
  if (node.dagVersion !== undefined && node.dag === undefined)
    problems.push(report('/dagVersion', 'Only a node with a dag has a version of it.'))
  return problems
}

function forEachProblems(node: NodeDefinition, report: Report, upstream: Upstream | null): readonly DefinitionProblem[] {
  if (!node.forEach) return []
  const refused = whyNotRepeated(node)
  const problems = refused === null ? [] : [report('/forEach', refused)]
  return [...problems, ...expressionProblems(node.forEach.items, '/forEach/items', knownIn(node, upstream, PER_NODE), report)]
}

function whyNotRepeated({ dag, approval, wait }: NodeDefinition): string | null {
  if (dag !== undefined) {
    return 'A DAG is not repeated; give it the list in params and put forEach on the nodes with a task in that DAG.'
  }
  const refused = approval ? 'An approval' : wait ? 'A wait' : null
  return refused === null ? null : `${refused} is not repeated; put it before or behind the node that is.`
}

function waitProblems(node: NodeDefinition, report: Report, upstream: Upstream | null): readonly DefinitionProblem[] {
  const { wait } = node
  if (!wait) return []
  const given = (['ms', 'until', 'event'] as const).filter((kind) => wait[kind] !== undefined)
  const known = knownIn(node, upstream, PER_NODE)
  return [
    ...(given.length === 1 ? [] : [report('/wait', 'It waits for exactly one of ms, until and event.')]),
    ...(wait.until === undefined ? [] : expressionProblems(wait.until, '/wait/until', known, report)),
    ...(wait.event === undefined ? [] : expressionProblems(wait.event.key, '/wait/event/key', known, report)),
  ]
}

function conditionProblems(edge: EdgeDefinition, index: number): readonly DefinitionProblem[] {
  if (edge.condition === undefined) return []
  const known: Known = { roots: ['state', 'output', 'error', 'params'], nodes: () => null }
  return expressionProblems(edge.condition, '/condition', known, (path, message) => ofEdge(edge, index, path, message))
}

function defaultProblems({ params }: DagDefinition): readonly DefinitionProblem[] {
  const compiled = compileTemplate(params)
  if (compiled.kind === 'INVALID') return compiled.problems.map(({ path, message }) => ({ path: `/params${path}`, message }))
  const message = 'A default is a plain value; write ${{ … }} in the params of the node that needs it.'
  return [...new Set([...compiled.paths, ...compiled.secrets].map(({ at }) => at))].map((at) => ({
    path: `/params${at}`,
    message,
  }))
}

function outputProblems(definition: DagDefinition): readonly DefinitionProblem[] {
  const codes = new Set(definition.nodes.map(({ code }) => code))
  const known: Known = {
    roots: PER_NODE.filter((root) => root !== 'secrets'),
    noSecrets: 'An output holds no secrets.',
    nodes: (code) => (codes.has(code) ? null : unknownNode(code)),
  }
  return templateProblems(definition.output, '/output', known, (path, message) => ({ path, message }))
}

/** What an expression may name. */
interface Known {
  readonly roots: readonly string[]
  /** Why there is no `secrets.<name>`; left out: there is. */
  readonly noSecrets?: string
  /** Why `nodes.<code>` is not known; null: it is. */
  readonly nodes: (code: string) => string | null
}

const PER_NODE = ['params', 'run', 'nodes', 'secrets']
const PER_ELEMENT = [...PER_NODE, 'item', 'index']

function knownIn(node: NodeDefinition, upstream: Upstream | null, roots: readonly string[]): Known {
  return {
    roots,
    nodes(code) {
      if (!upstream) return null
      if (!upstream.codes.has(code)) return unknownNode(code)
      return upstream.leads(code, node.code)
        ? null
        : `The node "${code}" is not upstream of "${node.code}", so its output need not be there; add an edge.`
    },
  }
}

function unknownNode(code: string): string {
  return `There is no node "${code}". A code with a dash in it is written nodes["a-b"].`
}

function expressionProblems(text: string, at: string, known: Known, report: Report): readonly DefinitionProblem[] {
  const compiled = compileExpression(text)
  if (compiled.kind === 'INVALID') {
    const { message, line, column } = compiled.problem
    return [report(at, `${message} (line ${line}, column ${column}).`)]
  }
  // A secret is put in when parameters are handed to an executor: an expression has none to look at.
  const roots = { ...known, roots: known.roots.filter((root) => root !== 'secrets') }
  return compiled.paths.flatMap((path) => pathProblem(path, roots)).map((message) => report(at, message))
}

function templateProblems(template: unknown, at: string, known: Known, report: Report): readonly DefinitionProblem[] {
  const compiled = compileTemplate(template)
  if (compiled.kind === 'INVALID') return compiled.problems.map(({ path, message }) => report(`${at}${path}`, message))
  const { noSecrets } = known
  const secrets = noSecrets === undefined ? [] : compiled.secrets.map((secret) => report(`${at}${secret.at}`, noSecrets))
  const paths = compiled.paths.flatMap((path) => pathProblem(path, known).map((message) => report(`${at}${path.at}`, message)))
  return [...secrets, ...paths]
}

function pathProblem({ names: [root, code] }: ExpressionPath, known: Known): readonly string[] {
  if (!known.roots.includes(root!)) return [`There is no "${root}" here; there are ${known.roots.join(', ')}.`]
  if (root !== 'nodes') return []
  // What to read before an expression is evaluated must be known without evaluating it.
  if (code === undefined) return ['A node is named: nodes.extract.output, or nodes["extract"].output.']
  const problem = known.nodes(code)
  return problem === null ? [] : [problem]
}

function ofNode(code: string, index: number, path: string, message: string): DefinitionProblem {
  return { path: `/nodes/${index}${path}`, node: code, message }
}

function ofEdge({ from, to }: EdgeDefinition, index: number, path: string, message: string): DefinitionProblem {
  return { path: `/edges/${index}${path}`, edge: { from, to }, message }
}
