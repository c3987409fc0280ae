import { CarillonError, DEEPEST_CHAIN } from '@carillon/core'
import type { Edge } from '../storage/task-downstream.ts'

/**
 * Refuses downstream tasks that lead back to where they start, or a chain that is too long. `edges` are those of the tenant with the new
 * ones of `taskId` already among them; without these the tenant's edges hold no cycle, so a new one can only lead through `taskId`.
 */
export function checkDownstream(edges: readonly Edge[], taskId: number): void {
  const below = longestPath(
    taskId,
    neighboursBy(edges, 'from', (edge) => ({ id: edge.to, code: edge.toCode })),
  )
  const above = longestPath(
    taskId,
    neighboursBy(edges, 'to', (edge) => ({ id: edge.from, code: edge.fromCode })),
  )
  const length = above.length + 1 + below.length
  if (length <= DEEPEST_CHAIN) return
  throw new CarillonError(
    'VALIDATION_FAILED',
    `The chain of downstream tasks would be ${length} long; ${DEEPEST_CHAIN} is the most.`,
    {
      problems: [
        {
          path: '/body/downstream',
          message: `makes a chain longer than ${DEEPEST_CHAIN}: it ends ${below.slice(0, 25).join(' → ')}`,
        },
      ],
    },
  )
}

interface Neighbour {
  readonly id: number
  readonly code: string
}

function neighboursBy(edges: readonly Edge[], end: 'from' | 'to', other: (edge: Edge) => Neighbour): Map<number, Neighbour[]> {
  const neighbours = new Map<number, Neighbour[]>()
  for (const edge of edges) neighbours.set(edge[end], [...(neighbours.get(edge[end]) ?? []), other(edge)])
  return neighbours
}

/** Codes along the longest path from `start`; throws where one comes back to it. */
function longestPath(start: number, neighbours: Map<number, Neighbour[]>): string[] {
  const known = new Map<number, string[]>()
  const visit = (id: number, way: readonly string[]): string[] => {
    const found = known.get(id)
    if (found) return found
    const paths = (neighbours.get(id) ?? []).map((next) => {
      if (next.id === start) throw cycle([next.code, ...way, next.code])
      return [next.code, ...visit(next.id, [...way, next.code])]
    })
    const longest = paths.reduce<string[]>((best, path) => (path.length > best.length ? path : best), [])
    known.set(id, longest)
    return longest
  }
  return visit(start, [])
}

export function cycle(codes: readonly string[]): CarillonError {
  const path = codes.join(' → ')
  return new CarillonError('DOWNSTREAM_CYCLE', `These tasks would start each other for ever: ${path}.`, {
    problems: [{ path: '/body/downstream', message: `leads back: ${path}` }],
    extra: { cycle: codes },
  })
}
