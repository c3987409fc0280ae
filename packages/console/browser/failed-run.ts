import { api } from './console.ts'
import { endOf } from './journeys.ts'

const DAG = 'load-rows'

/**
 * A run of a DAG of which one node succeeded, one failed and two were skipped, one of them by a condition. An executor of `startJourneys` must be there.
 */
export async function failRun(): Promise<number> {
  await createLoadRows()
  const { runId } = await api().runs.triggerDag({ params: { dag: DAG }, body: { params: { fail: 1 } } })
  await endOf(runId)
  return runId
}

async function createLoadRows(): Promise<void> {
  const { tasks, dags, dagVersions } = api()
  const { items } = await dags.list({ query: { limit: 200 } })
  if (items.some(({ code }) => code === DAG)) return
  await tasks.create({
    body: { code: 'step', type: 'step', params: { fail: 0 }, policies: { retry: { maxRetries: 1, delayMs: 0 } } },
  })
  await dags.create({ body: { code: DAG } })
  const definition = {
    params: { fail: 0 },
    paramsSchema: { type: 'object', properties: { fail: { type: 'integer', title: 'Fail' } } },
    nodes: [
      { code: 'extract', task: 'step' },
      { code: 'load', task: 'step', params: { fail: '${{ params.fail }}' } },
      { code: 'small', task: 'step' },
      { code: 'report', task: 'step', name: 'Report to 财务' },
    ],
    edges: [
      { from: 'extract', to: 'load', condition: 'output.rows > 10' },
      { from: 'extract', to: 'small', condition: 'output.rows <= 10' },
      { from: 'load', to: 'report' },
    ],
  }
  await dagVersions.create({ params: { dag: DAG }, body: { definition } })
  await dagVersions.activate({ params: { dag: DAG, number: 1 } })
}
