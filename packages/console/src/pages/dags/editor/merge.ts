import type { DagDefinition, EdgeDefinition, NodeDefinition } from '@carillon/core'

/** Two people changed the same thing to different things. `mine` undefined: removed here; `theirs` undefined: removed there. */
export interface Clash {
  /** `/nodes/load/params`, `/edges/a b`, `/params`: by codes, not by places. */
  readonly at: string
  readonly mine: unknown
  readonly theirs: unknown
}

export interface Merged {
  readonly definition: DagDefinition
  /** Where `definition` has what was chosen, `mine` unless told otherwise. */
  readonly clashes: readonly Clash[]
}

/** For each clash whose is taken. */
export type Choices = Readonly<Record<string, 'mine' | 'theirs'>>

type Fields = Readonly<Record<string, unknown>>

/**
 * Brings together what two people made of the same definition: nodes by their code, in each node field by field; edges by what they join.
 * What only one of them changed is taken as changed; what both changed differently is a clash, and its part is taken from whoever is chosen.
 */
export function merge(base: DagDefinition, mine: DagDefinition, theirs: DagDefinition, choices: Choices = {}): Merged {
  const clashes: Clash[] = []
  const decide = (at: string, mineValue: unknown, theirValue: unknown): unknown => {
    clashes.push({ at, mine: mineValue, theirs: theirValue })
    return choices[at] === 'theirs' ? theirValue : mineValue
  }
  const nodes = mergeLists(byCode(base.nodes), byCode(mine.nodes), byCode(theirs.nodes), (code, was, here, there) =>
    mergeObject(`/nodes/${code}`, was, here, there, decide),
  ) as NodeDefinition[]
  const codes = new Set(nodes.map(({ code }) => code))
  const edges = mergeLists(byEnds(base.edges), byEnds(mine.edges), byEnds(theirs.edges), (ends, was, here, there) =>
    mergeObject(`/edges/${ends}`, was, here, there, decide),
  ) as EdgeDefinition[]
  const { nodes: _, edges: __, ...settings } = base
  const { nodes: ___, edges: ____, ...mySettings } = mine
  const { nodes: _____, edges: ______, ...theirSettings } = theirs
  const rest = mergeFields('', settings, mySettings, theirSettings, decide)
  return {
    // An edge to a node that the other one removed goes with it.
    definition: { ...rest, nodes, edges: edges.filter(({ from, to }) => codes.has(from) && codes.has(to)) } as DagDefinition,
    clashes,
  }
}

type Decide = (at: string, mine: unknown, theirs: unknown) => unknown

const byCode = (nodes: readonly NodeDefinition[]) => new Map(nodes.map((node) => [node.code, node as object as Fields]))
const byEnds = (edges: readonly EdgeDefinition[]) =>
  new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge as object as Fields]))

/** In my order; what is new there comes last. */
function mergeLists(
  base: ReadonlyMap<string, Fields>,
  mine: ReadonlyMap<string, Fields>,
  theirs: ReadonlyMap<string, Fields>,
  mergeOne: (key: string, was?: Fields, here?: Fields, there?: Fields) => unknown,
): unknown[] {
  const keys = new Set([...mine.keys(), ...theirs.keys(), ...base.keys()])
  return [...keys].flatMap((key) => {
    const value = mergeOne(key, base.get(key), mine.get(key), theirs.get(key))
    return value === undefined ? [] : [value]
  })
}

function mergeObject(at: string, was: Fields | undefined, here: Fields | undefined, there: Fields | undefined, decide: Decide) {
  if (same(here, there)) return here
  if (same(was, here)) return there
  if (same(was, there)) return here
  // Removed by one and changed by the other, or made anew by both: as a whole.
  if (here === undefined || there === undefined || was === undefined) return decide(at, here, there)
  return mergeFields(at, was, here, there, decide)
}

function mergeFields(at: string, was: Fields, here: Fields, there: Fields, decide: Decide): Fields {
  const keys = new Set([...Object.keys(here), ...Object.keys(there)])
  const entries = [...keys].flatMap((key) => {
    const [before, mine, theirs] = [own(was, key), own(here, key), own(there, key)]
    const value =
      same(mine, theirs) || same(before, theirs) ? mine : same(before, mine) ? theirs : decideField(at, key, mine, theirs, decide)
    return value === undefined ? [] : [[key, value] as const]
  })
  return Object.fromEntries(entries)
}

/** Where a node is drawn is worth nobody's question. */
function decideField(at: string, key: string, mine: unknown, theirs: unknown, decide: Decide): unknown {
  return key === 'position' ? mine : decide(`${at}/${key}`, mine, theirs)
}

const own = (fields: Fields, key: string) => (Object.hasOwn(fields, key) ? fields[key] : undefined)

/** Equal as data; the order of keys is none. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [Object.entries(a).filter(given), Object.entries(b).filter(given)]
  return left.length === right.length && left.every(([key, value]) => same(value, own(b as Fields, key)))
}

const given = ([, value]: [string, unknown]) => value !== undefined
