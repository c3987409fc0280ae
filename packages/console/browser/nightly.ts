import { api } from './console.ts'

const TASK = 'weather-report-seattle'

/** A DAG with a published version, and a draft that differs from it in every way. */
export async function createNightly(): Promise<void> {
  const dag = 'nightly'
  const { items } = await api().dags.list({ query: { limit: 200 } })
  if (items.some(({ code }) => code === dag)) return
  await api().dags.create({
    body: { code: dag, name: 'Nightly load', description: 'Loads what came in over the day', owner: 'data' },
  })
  const node = (code: string) => ({ code, task: TASK })
  await api().dagVersions.create({
    params: { dag },
    body: {
      note: 'The first one',
      definition: {
        params: { region: 'eu', rows: 10 },
        paramsSchema: {
          type: 'object',
          properties: { region: { type: 'string', enum: ['eu', 'us'] }, rows: { type: 'integer' } },
        },
        nodes: [
          node('extract'),
          node('load'),
          node('skip'),
          { code: 'sign-off', approval: { prompt: 'Publish the report?' } },
          node('report'),
        ],
        edges: [
          { from: 'extract', to: 'load', condition: 'params.rows > 0' },
          { from: 'extract', to: 'skip', condition: 'params.rows == 0' },
          { from: 'load', to: 'sign-off' },
          { from: 'sign-off', to: 'report' },
        ],
      },
    },
  })
  await api().dagVersions.activate({ params: { dag, number: 1 }, body: {} })
  const draft = await api().dagVersions.create({ params: { dag }, body: { copyOf: 1 } })
  const { definition } = draft
  await api().dagVersions.update({
    params: { dag, number: 2 },
    body: {
      revision: draft.revision,
      incomplete: true,
      definition: {
        ...definition,
        nodes: [
          ...definition.nodes
            .filter(({ code }) => code !== 'skip')
            .map((each) => (each.code === 'load' ? { ...each, mayFail: true } : each)),
          { code: 'wait', wait: { ms: 1_000 } },
          { code: 'gone', task: 'no-such-task' },
        ],
        edges: [...definition.edges.filter(({ to }) => to !== 'skip'), { from: 'report', to: 'wait' }],
      },
    },
  })
}
