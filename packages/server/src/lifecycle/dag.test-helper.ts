import type { Assignment } from '@carillon/contract'
import { DEFAULT_CONCURRENCY, type DagDefinition, type Plan } from '@carillon/core'
import { planOfVersion } from '../definition/compile-dag.ts'
import type { DagReferences } from '../definition/dag-references.ts'
import type { RunStart } from './start-runs.ts'
import { success, type TestExecutor, type TestTask, type World } from './engine.test-helper.ts'

/** A DAG whose task nodes all run one test task, with short words for what tests ask of its runs. */
export interface TestDag {
  readonly id: number
  readonly task: TestTask
  start(more?: Partial<RunStart>): Promise<number>
}

type Shape = Partial<DagDefinition> & {
  /** `a b c` or `a>b a>c`, for tests in which nothing but the shape matters. */
  readonly graph?: string
  readonly concurrency?: Plan['concurrency']
  /** DAGs that nodes name by `dag`. */
  readonly parts?: Readonly<Record<string, TestDag>>
}

export async function createDag(world: World, task: TestTask, { graph, concurrency, parts, ...given }: Shape): Promise<TestDag> {
  const { tenantId } = task
  const definition: DagDefinition = { ...drawn(graph ?? ''), ...given }
  const [plan] = await world.sql<{ body: Plan }>(`select body from plan where id = $1`, task.planId)
  const references = {
    task: () => ({ id: task.id, node: plan!.body.nodes[0]! }),
    version: (code: string) => ({ dagId: parts![code]!.id }),
  } as unknown as DagReferences
  const [dag] = await world.sql<{ id: number }>(
    `insert into dag (tenant_id, code, name) values ($1, 'dag-' || nextval('carillon_id'), 'DAG') returning id`,
    tenantId,
  )
  const [version] = await world.sql<{ id: number }>(
    `insert into dag_version (tenant_id, dag_id, number, definition, content_hash, created_by) values ($1, $2, 1, $3::jsonb, '', 'test') returning id`,
    tenantId,
    dag!.id,
    JSON.stringify(definition),
  )
  const policies = { concurrency: concurrency ?? DEFAULT_CONCURRENCY }
  const compiled = planOfVersion(
    { dag: { id: dag!.id, code: 'dag', policies }, versionId: version!.id, number: 1, definition },
    references,
  )
  const [stored] = await world.sql<{ id: number }>(
    `insert into plan (tenant_id, target_kind, target_id, body) values ($1, 'DAG', $2, $3::jsonb) returning id`,
    tenantId,
    dag!.id,
    JSON.stringify(compiled),
  )
  await world.sql(`update dag_version set state = 'ACTIVE', plan_id = $2 where id = $1`, version!.id, stored!.id)
  await world.sql(`update dag set active_version_id = $2 where id = $1`, dag!.id, version!.id)
  return {
    id: dag!.id,
    task,
    async start(more = {}) {
      const start: RunStart = {
        tenantId,
        target: { kind: 'DAG', id: dag!.id },
        origin: 'API',
        startedBy: 'test',
        params: {},
        ...more,
      }
      const [result] = await world.startAll([start])
      if (result?.kind !== 'STARTED') throw new Error(JSON.stringify(result))
      return result.runId
    },
  }
}

function drawn(graph: string): Pick<DagDefinition, 'nodes' | 'edges'> {
  const words = graph.split(' ').filter(Boolean)
  const codes = [...new Set(words.flatMap((word) => word.split('>')))]
  const edges = words.flatMap((word) => {
    const path = word.split('>')
    return path.slice(1).map((to, place) => ({ from: path[place]!, to }))
  })
  return { nodes: codes.map((code) => ({ code, task: 'work' })), edges }
}

export interface NodeRow {
  readonly node: string
  readonly state: string
  readonly waits: string | null
  readonly output: unknown
  readonly error: { readonly code: string; readonly message: string } | null
  readonly id: number
}

/** The nodes of a run by their codes, those that have ended and those that have not. */
export async function nodesOf(world: World, runId: number): Promise<Record<string, NodeRow>> {
  const rows = await world.sql<NodeRow>(
    `select p.body -> 'nodes' -> i.node ->> 'code' as node, i.state, i.wait_reason as waits, i.output, i.error, i.id
     from (select * from instance_live union all select * from instance_history) i join plan p on p.tenant_id = i.tenant_id and p.id = i.plan_id
     where i.run_id = $1 order by i.id`,
    runId,
  )
  return Object.fromEntries(rows.map((row) => [row.node, row]))
}

/** `{ a: 'SUCCESS', b: 'PENDING' }` */
export async function statesOf(world: World, runId: number): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await nodesOf(world, runId)).map(([node, row]) => [node, row.state]))
}

export async function runState(world: World, runId: number): Promise<string> {
  const [row] = await world.sql<{ state: string }>(
    `select state from (select id, state from run_live union all select id, state from run_history) r where id = $1`,
    runId,
  )
  return row!.state
}

/** Works off whatever is ready, node after node, until nothing more becomes ready; answers the order. */
export async function workOff(
  world: World,
  executor: TestExecutor,
  runId: number,
  answer: (node: string, assignment: Assignment) => Parameters<TestExecutor['report']>[0] = (_node, each) => success(each),
): Promise<string[]> {
  const order: string[] = []
  for (;;) {
    const assignments = await executor.claim()
    if (assignments.length === 0) return order
    for (const assignment of assignments) {
      const rows = await nodesOf(world, runId)
      const node = Object.values(rows).find((row) => row.id === assignment.instance)?.node ?? String(assignment.instance)
      order.push(node)
      await executor.report(answer(node, assignment))
    }
  }
}
