import type { Bench, Measurement } from '../bench.ts'
import { cpuSeconds } from '../harness/usage.ts'
import { createDag, layers, runDags } from './carillon-dags.ts'

const NODES = 10_000
const SMALL = 100
const DEPTH = 10
const PARENTS = 3
const MOST = 1.5

/** What a node costs in a run of ten thousand, beside what it costs in runs of a hundred: processor time of server and PostgreSQL together. */
export const dagSize: Measurement = {
  name: 'dag-size',
  async measure(bench) {
    const carillon = await bench.carillon()
    const tenant = await carillon.tenant('sizes')
    await createDag(tenant, 'small', layers(DEPTH, SMALL / DEPTH, PARENTS))
    await createDag(tenant, 'large', layers(DEPTH, NODES / DEPTH, PARENTS))
    await runDags(tenant, 'small', 10, 10 * SMALL)
    const smalls = NODES / SMALL / (bench.quick ? 4 : 1)
    const small = await cost(bench, smalls * SMALL, () => runDags(tenant, 'small', smalls, smalls * SMALL))
    const large = await cost(bench, NODES, () => runDags(tenant, 'large', 1, NODES))
    const ratio = Number((large.cpuUsPerNode / small.cpuUsPerNode).toFixed(2))
    return {
      figures: { perNodeCostRatio10000To100: ratio },
      findings: [
        {
          name: 'A run of 10000 nodes in 10 layers, cost per node beside that of runs of 100',
          figure: `${ratio} ×`,
          target: { says: `≤ ${MOST} ×`, met: ratio <= MOST },
          note: `${Math.round(large.cpuUsPerNode)} µs and ${Math.round(small.cpuUsPerNode)} µs of processor time a node; took ${seconds(large.tookMs)} and, ${smalls} runs together, ${seconds(small.tookMs)}`,
        },
      ],
    }
  },
}

async function cost(bench: Bench, nodes: number, work: () => Promise<number>): Promise<{ cpuUsPerNode: number; tookMs: number }> {
  const { serverPid } = await bench.carillon()
  const used = () => cpuSeconds(serverPid) + cpuSeconds(bench.postgres.pid)
  await bench.postgres.settle()
  const before = used()
  const tookMs = await work()
  return { cpuUsPerNode: ((used() - before) * 1e6) / nodes, tookMs }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
