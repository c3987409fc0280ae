import { canonicalJson, edgeKey, unplaced, withoutDefaults } from './canonical.ts'
import type { DagDefinition, EdgeDefinition, NodeDefinition } from './definition.ts'
import { escapePointer } from './template.ts'

/** A field that differs. Without `before` it is new, without `after` it is gone. */
export interface FieldChange {
  /** JSON pointer into the node, the edge or the definition: `/params/day`. Lists are compared as a whole. */
  readonly path: string
  readonly before?: unknown
  readonly after?: unknown
}

export interface DefinitionDiff {
  readonly nodes: {
    readonly added: readonly NodeDefinition[]
    readonly removed: readonly NodeDefinition[]
    readonly changed: readonly { readonly code: string; readonly fields: readonly FieldChange[] }[]
    /** Codes of nodes that the editor draws elsewhere: no change of meaning, so listed apart. */
    readonly moved: readonly string[]
  }
  readonly edges: {
    readonly added: readonly EdgeDefinition[]
    readonly removed: readonly EdgeDefinition[]
    readonly changed: readonly { readonly from: string; readonly to: string; readonly fields: readonly FieldChange[] }[]
  }
  /** Of the definition itself: its parameters, their schema, its output, its time-out. */
  readonly fields: readonly FieldChange[]
}

/**
 * What turns one definition into another. Nodes are the same by their code, edges by the nodes they join; their order and defaults that are
 * written out are no difference.
 */
export function diffDefinitions(before: DagDefinition, after: DagDefinition): DefinitionDiff {
  const [old, now] = [withoutDefaults(before), withoutDefaults(after)]
  const nodes = match(old.nodes, now.nodes, ({ code }) => code)
  const edges = match(old.edges, now.edges, edgeKey)
  return {
    nodes: {
      added: nodes.added,
      removed: nodes.removed,
      changed: nodes.kept.flatMap(([a, b]) => {
        const fields = diffFields(unplaced(a), unplaced(b))
        return fields.length > 0 ? [{ code: b.code, fields }] : []
      }),
      moved: nodes.kept.flatMap(([a, b]) => (same(a.position, b.position) ? [] : [b.code])),
    },
    edges: {
      added: edges.added,
      removed: edges.removed,
      changed: edges.kept.flatMap(([a, b]) => {
        const fields = diffFields(a, b)
        return fields.length > 0 ? [{ from: b.from, to: b.to, fields }] : []
      }),
    },
    fields: diffFields({ ...old, nodes: undefined, edges: undefined }, { ...now, nodes: undefined, edges: undefined }),
  }
}

/** Whether two definitions mean the same: moved nodes are no difference. */
export function isSameMeaning({ nodes, edges, fields }: DefinitionDiff): boolean {
  const lists = [nodes.added, nodes.removed, nodes.changed, edges.added, edges.removed, edges.changed, fields]
  return lists.every((list) => list.length === 0)
}

/**
 * A diff as lines for a terminal: `+` is new, `-` is gone, `~` is changed.
 *
 * @example
 * ~ node extract
 *     ~ /params/day: "today" → "yesterday"
 * + edge extract → load if "output.rows > 0"
 */
export function formatDiff(diff: DefinitionDiff): string {
  const lines = [
    ...diff.fields.map(formatField),
    ...diff.nodes.removed.map(({ code }) => `- node ${code}`),
    ...diff.nodes.added.map((node) => `+ node ${node.code} ${shown(withoutCode(node))}`),
    ...diff.nodes.changed.flatMap(({ code, fields }) => [`~ node ${code}`, ...fields.map(indented)]),
    ...diff.edges.removed.map((edge) => `- ${formatEdge(edge)}`),
    ...diff.edges.added.map((edge) => `+ ${formatEdge(edge)}`),
    ...diff.edges.changed.flatMap(({ from, to, fields }) => [`~ edge ${from} → ${to}`, ...fields.map(indented)]),
    ...(diff.nodes.moved.length > 0 ? [`  moved in the editor: ${diff.nodes.moved.join(', ')}`] : []),
  ]
  return lines.length > 0 ? lines.join('\n') : 'No changes.'
}

function withoutCode(node: NodeDefinition): object {
  const { code: _, ...rest } = unplaced(node)
  return rest
}

function formatEdge({ from, to, condition }: EdgeDefinition): string {
  return `edge ${from} → ${to}${condition === undefined ? '' : ` if ${shown(condition)}`}`
}

const indented = (change: FieldChange) => `    ${formatField(change)}`

function formatField(change: FieldChange): string {
  if (!('before' in change)) return `+ ${change.path}: ${shown(change.after)}`
  if (!('after' in change)) return `- ${change.path}: ${shown(change.before)}`
  return `~ ${change.path}: ${shown(change.before)} → ${shown(change.after)}`
}

const LONGEST_SHOWN = 200

/** As JSON, so that what a terminal would act on is escaped. */
function shown(value: unknown): string {
  const text = canonicalJson(value)
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}

interface Matched<T> {
  readonly added: readonly T[]
  readonly removed: readonly T[]
  readonly kept: readonly (readonly [before: T, after: T])[]
}

function match<T>(before: readonly T[], after: readonly T[], keyOf: (item: T) => string): Matched<T> {
  const old = new Map(before.map((item) => [keyOf(item), item]))
  const now = new Map(after.map((item) => [keyOf(item), item]))
  return {
    added: [...now].flatMap(([key, item]) => (old.has(key) ? [] : [item])),
    removed: [...old].flatMap(([key, item]) => (now.has(key) ? [] : [item])),
    kept: [...now].flatMap(([key, item]) => {
      const earlier = old.get(key)
      return earlier === undefined ? [] : [[earlier, item] as const]
    }),
  }
}

type Fields = Readonly<Record<string, unknown>>

function diffFields(before: object, after: object, path = ''): readonly FieldChange[] {
  const [old, now] = [before as Fields, after as Fields]
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()
  return keys.flatMap((key) => diffField(own(old, key), own(now, key), `${path}/${escapePointer(key)}`))
}

/** Never what is inherited: a parameter may be called `constructor`. */
const own = (fields: Fields, key: string) => (Object.hasOwn(fields, key) ? fields[key] : undefined)

function diffField(before: unknown, after: unknown, path: string): readonly FieldChange[] {
  if (same(before, after)) return []
  if (isMap(before) && isMap(after)) return diffFields(before, after, path)
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }]
}

const same = (a: unknown, b: unknown) => a === b || (a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b))
const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
