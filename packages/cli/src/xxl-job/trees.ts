import { codeOfJob } from './codes.ts'
import type { Findings } from './findings.ts'
import type { XxlJob } from './xxl-tables.ts'

/** What becomes of child jobs: links from task to task, or a DAG of each tree that one job alone starts. */
export const CHILDREN = ['downstream', 'dag'] as const
export type Children = (typeof CHILDREN)[number]
export const DEFAULT_CHILDREN: Children = 'downstream'

/** A job with all that it starts, each of them started by one other. */
export interface Tree {
  readonly root: XxlJob
  /** Numbers of its jobs, the root first. */
  readonly jobs: readonly number[]
  readonly edges: readonly { readonly from: number; readonly to: number }[]
}

export const codeOfTree = (root: number) => `${codeOfJob(root)}-tree`

/**
 * The trees among jobs. What begins anywhere else than at its root stays links, and is told: a job that several start runs once for each of
 * them, and one that also fires by itself starts what follows it, neither of which a DAG does.
 *
 * @param links without loops
 * @param fires by a schedule that was on
 */
export function treesOf(
  jobs: readonly XxlJob[],
  links: ReadonlyMap<number, readonly number[]>,
  fires: (job: XxlJob) => boolean,
  findings: Findings,
): Tree[] {
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const parents = new Map(jobs.map(({ id }) => [id, 0]))
  for (const children of links.values()) for (const child of children) parents.set(child, parents.get(child)! + 1)
  const roots = jobs.filter(({ id }) => parents.get(id) === 0 && links.get(id)!.length > 0)
  return roots.flatMap((root) => {
    const below = [...reachedFrom(root.id, links)].slice(1)
    const shared = below.filter((id) => parents.get(id)! > 1)
    const firing = below.filter((id) => fires(byId.get(id)!))
    if (shared.length > 0)
      findings.add('DIFFERS', `What it starts stays links, and is no DAG: several jobs start ${shared.join(', ')}`, root.id)
    else if (firing.length > 0)
      findings.add('DIFFERS', `What it starts stays links, and is no DAG: ${firing.join(', ')} also fires by itself`, root.id)
    if (shared.length > 0 || firing.length > 0) return []
    const tree = [root.id, ...below]
    tellOfTree(root, below, byId, findings)
    return [{ root, jobs: tree, edges: tree.flatMap((from) => links.get(from)!.map((to) => ({ from, to }))) }]
  })
}

function tellOfTree(root: XxlJob, below: readonly number[], byId: ReadonlyMap<number, XxlJob>, findings: Findings): void {
  const code = codeOfTree(root.id)
  findings.add('DIFFERS', `It starts others as the DAG ${code}, and none when its task is triggered alone`, root.id)
  findings.add('DIFFERS', `Its block strategy holds for the whole DAG ${code}: until the last of its jobs has ended`, root.id)
  for (const id of below)
    if (byId.get(id)!.block !== root.block)
      findings.add('DIFFERS', `In the DAG ${code} its block strategy gives way to that of job ${root.id}`, id)
}

/** In the order of their distance. */
function reachedFrom(start: number, links: ReadonlyMap<number, readonly number[]>): Set<number> {
  const reached = new Set([start])
  for (const id of reached) for (const next of links.get(id)!) reached.add(next)
  return reached
}
