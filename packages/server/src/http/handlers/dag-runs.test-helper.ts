import type { Assignment, DagCreate, DagDefinitionView, DagTrigger, RunDetail } from '@carillon/contract'
import { continueRuns } from '../../lifecycle/continue-runs.ts'
import type { TestApi } from '../api.test-helper.ts'

/** DAGs over HTTP, with an executor that answers for their tasks: what tests of runs of DAGs say in short words. */
export interface DagWorld {
  readonly api: TestApi
  /** A DAG with this version active: a definition, or a drawing (`a>b a>c`) of nodes that all run the task `work`. */
  dag(definition: DagDefinitionView | string, more?: Partial<DagCreate>): Promise<string>
  /** Another version of it, as a draft; answers its number. */
  version(dag: string, definition: DagDefinitionView | string): Promise<number>
  trigger(dag: string, body?: DagTrigger): Promise<number>
  run(run: number): Promise<RunDetail>
  /** `{ a: 'SUCCESS', b: 'WAITING DEPENDENCY' }` */
  states(run: number): Promise<Record<string, string>>
  node(run: number, code: string): Promise<RunDetail['instances'][number]>
  claim(max?: number): Promise<readonly Assignment[]>
  succeed(assignment: Assignment, output?: unknown): Promise<void>
  fail(assignment: Assignment, code?: string): Promise<void>
  /** Works off whatever is ready until nothing more is; the nodes named in `broken` fail. Answers the nodes in their order. */
  workOff(broken?: readonly string[]): Promise<string[]>
}

export async function createDagWorld(api: TestApi): Promise<DagWorld> {
  const { client } = api.tenantA
  await client.apps.create({ body: { code: 'works' } })
  const retry = { maxRetries: 0 }
  const type = { code: 'work', kind: 'handler', settings: { handler: 'work' }, app: 'works', defaults: { retry } } as const
  await client.taskTypes.create({ body: type })
  await client.tasks.create({ body: { code: 'work', type: 'work' } })
  const token = await api.token(api.tenantA.id, 'executor')
  const call = async (url: string, body: object) => {
    const answer = await api.call({ method: 'POST', url: `/executor/v1/${url}`, token, body })
    if (answer.status !== 200) throw new Error(answer.text)
    return answer.body
  }
  const { session } = await call('register', {
    ...{ protocol: 1, app: 'works', instance: 'one', mode: 'PULL', handlers: ['work'], capacity: 100 },
  })
  let seq = 0
  const report = async (item: object) => void (await call('report', { session, items: [item] }))
  const world: DagWorld = {
    api,
    async dag(definition, more = {}) {
      const { code } = await client.dags.create({ body: { code: `dag-${++made}`, ...more } })
      await client.dagVersions.activate({ params: { dag: code, number: await world.version(code, definition) }, body: {} })
      return code
    },
    async version(dag, definition) {
      const body = { definition: typeof definition === 'string' ? drawn(definition) : definition }
      return (await client.dagVersions.create({ params: { dag }, body })).number
    },
    trigger: async (dag, body = {}) => (await client.runs.triggerDag({ params: { dag }, body })).runId,
    run: (run) => client.runs.get({ params: { run } }),
    async states(run) {
      const { instances } = await world.run(run)
      return Object.fromEntries(
        instances.map(({ nodeCode, state, waitReason }) => [nodeCode, waitReason ? `${state} ${waitReason}` : state]),
      )
    },
    async node(run, code) {
      const found = (await world.run(run)).instances.findLast((each) => each.nodeCode === code)
      if (!found) throw new Error(`Run ${run} has no node ${code}.`)
      return found
    },
    claim: async (max = 100) => (await call('claim', { session, seq: ++seq, max, waitMs: 0 })).assignments,
    succeed: ({ instance, token: fence }, output) => report({ kind: 'SUCCESS', instance, token: fence, output: output ?? null }),
    fail: ({ instance, token: fence }, code = 'BROKEN') =>
      report({ kind: 'FAILURE', instance, token: fence, error: { code, message: 'It broke.' } }),
    async workOff(broken = []) {
      const order: string[] = []
      for (;;) {
        await continueRuns(api.engine)
        const assignments = await world.claim()
        if (assignments.length === 0) return order
        for (const assignment of assignments) {
          const { nodeCode } = await client.instances.get({ params: { instance: assignment.instance } })
          order.push(nodeCode ?? 'task')
          await (broken.includes(nodeCode ?? '') ? world.fail(assignment) : world.succeed(assignment))
        }
      }
    },
  }
  return world
}

let made = 0

function drawn(graph: string): DagDefinitionView {
  const paths = graph.split(' ').map((word) => word.split('>'))
  const codes = [...new Set(paths.flat())]
  const edges = paths.flatMap((path) => path.slice(1).map((to, place) => ({ from: path[place]!, to })))
  return { nodes: codes.map((code) => ({ code, task: 'work' })), edges }
}
