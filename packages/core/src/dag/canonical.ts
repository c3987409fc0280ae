import type { DagDefinition, EdgeDefinition, NodeDefinition } from './definition.ts'

/**
 * JSON with sorted keys and no spaces: equal values give equal text, however they were written. Keys that are undefined are left out.
 *
 * @example canonicalJson({ b: 1, a: [true, null] })  // '{"a":[true,null],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

/**
 * The text of a definition that its content hash is taken of. Two definitions that mean the same have the same text: the order of nodes and
 * edges and defaults that are written out make no difference. Positions do, unless they are left out.
 */
export function canonicalDefinition(
  definition: DagDefinition,
  { positions = true }: { readonly positions?: boolean } = {},
): string {
  const { nodes, edges, ...rest } = withoutDefaults(definition)
  return canonicalJson({
    ...rest,
    nodes: byKey(nodes.map((node) => (positions ? node : unplaced(node))), ({ code }) => code), // prettier-ignore
    edges: byKey(edges, edgeKey),
  })
}

/** What identifies an edge. */
export function edgeKey({ from, to }: EdgeDefinition): string {
  return JSON.stringify([from, to])
}

export function unplaced({ position: _, ...node }: NodeDefinition): NodeDefinition {
  return node
}

function byKey<T>(list: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const keyed = list.map((item) => [keyOf(item), item] as const)
  return keyed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, item]) => item)
}

/** Leaves out what says what is so anyway. A node's `timeoutMs: 0` stays: it overrides the task's. */
export function withoutDefaults(definition: DagDefinition): DagDefinition {
  const { nodes, edges, params, output, timeoutMs, ...rest } = definition
  return {
    ...rest,
    ...(isEmpty(params) ? {} : { params }),
    ...(output === undefined || output === null ? {} : { output }),
    ...(timeoutMs ? { timeoutMs } : {}),
    nodes: nodes.map(nodeWithoutDefaults),
    edges,
  }
}

function nodeWithoutDefaults(definition: NodeDefinition): NodeDefinition {
  const { triggerRule, mayFail, params, retry, forEach, approval, wait, ...rest } = definition
  return {
    ...rest,
    ...(isEmpty(params) ? {} : { params }),
    ...(isEmpty(retry) ? {} : { retry }),
    ...(approval ? { approval: withoutEndless(approval) } : {}),
    ...(wait ? { wait: wait.event ? { ...wait, event: withoutEndless(wait.event) } : wait } : {}),
    ...(triggerRule === undefined || triggerRule === 'ALL_SUCCESS' ? {} : { triggerRule }),
    ...(mayFail ? { mayFail } : {}),
    ...(forEach ? { forEach: forEachWithoutDefaults(forEach) } : {}),
  }
}

/** Who waits for ever need not say so. */
function withoutEndless<T extends { readonly timeoutMs?: number }>({ timeoutMs, ...rest }: T) {
  return { ...rest, ...(timeoutMs ? { timeoutMs } : {}) }
}

function forEachWithoutDefaults({ items, maxParallel, successShare }: NonNullable<NodeDefinition['forEach']>) {
  return {
    items,
    ...(maxParallel ? { maxParallel } : {}),
    ...(successShare === undefined || successShare === 1 ? {} : { successShare }),
  }
}

/** Nothing given, or nothing in it. */
function isEmpty(map: object | undefined): map is undefined {
  return map === undefined || Object.keys(map).length === 0
}
