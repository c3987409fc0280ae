import { DEEPEST_CHAIN } from '@carillon/core'
import { MOST_DOWNSTREAM } from '@carillon/contract'
import type { Findings } from './findings.ts'
import type { XxlJob } from './xxl-tables.ts'

type Links = Map<number, number[]>

/**
 * Which jobs start which, without what Carillon would refuse: links to jobs that are not there, links that close a loop, chains that are
 * too long. Links are taken in the order of the jobs' numbers, so what is cut is the same each time.
 */
export function linksOf(jobs: readonly XxlJob[], findings: Findings): ReadonlyMap<number, readonly number[]> {
  const down: Links = new Map(jobs.map(({ id }) => [id, []]))
  const up: Links = new Map(jobs.map(({ id }) => [id, []]))
  for (const job of jobs)
    for (const text of new Set(job.children)) {
      const child = Number(text)
      const cut = down.has(child) ? whyCut(job.id, child, down, up) : `job ${text} is not imported, or does not exist`
      if (cut === null) {
        down.get(job.id)!.push(child)
        up.get(child)!.push(job.id)
        if (job.route === 'SHARDING_BROADCAST')
          findings.add(
            'DIFFERS',
            'Its child jobs start once, when all shards have succeeded, and not once for each shard',
            job.id,
          )
      } else findings.add('LEFT_OUT', `Its child job: ${cut}`, job.id)
    }
  return down
}

function whyCut(from: number, to: number, down: Links, up: Links): string | null {
  const back = pathBetween(to, from, down)
  if (back) return `the link closes a loop: ${[from, ...back].join(' → ')}`
  if (down.get(from)!.length >= MOST_DOWNSTREAM)
    return `${MOST_DOWNSTREAM} are the most that one job can start, and ${to} is one more`
  const length = longestFrom(from, up) + longestFrom(to, down)
  return length > DEEPEST_CHAIN ? `with ${to} the chain would be ${length} long, and ${DEEPEST_CHAIN} is the most` : null
}

function pathBetween(from: number, to: number, links: Links): number[] | null {
  const cameFrom = new Map<number, number | null>([[from, null]])
  for (const at of cameFrom.keys()) {
    if (at === to) return wayTo(at, cameFrom)
    for (const next of links.get(at)!) if (!cameFrom.has(next)) cameFrom.set(next, at)
  }
  return null
}

function wayTo(end: number, cameFrom: ReadonlyMap<number, number | null>): number[] {
  const way: number[] = []
  for (let at: number | null = end; at !== null; at = cameFrom.get(at)!) way.unshift(at)
  return way
}

/** Jobs on the longest chain that begins here; there are no loops, and no chain beyond the limit, among `links`. */
function longestFrom(start: number, links: Links): number {
  const known = new Map<number, number>()
  const visit = (id: number): number => {
    const length = known.get(id) ?? 1 + Math.max(0, ...links.get(id)!.map(visit))
    known.set(id, length)
    return length
  }
  return visit(start)
}
