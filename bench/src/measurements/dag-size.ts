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
    const small = await cost(bench, () => runDags(tenant, 'small', NODES / SMALL, NODES))
    const large = await cost(bench, () => runDags(tenant, 'large', 1, NODES))
    const ratio = Number((large.cpuMs / small.cpuMs).toFixed(2))
    return {
      figures: { perNodeCostRatio10000To100: ratio },
      findings: [
        {
          name: 'A run of 10000 nodes in 10 layers, cost per node beside that of runs of 100',
          figure: `${ratio} ×`,
          target: { says: `≤ ${MOST} ×`, met: ratio <= MOST },
          note: `${perNode(large.cpuMs)} and ${perNode(small.cpuMs)} of processor time a node; took ${seconds(large.tookMs)} and, 100 runs together, ${seconds(small.tookMs)}`,
        },
      ],
    }
  },
}

async function cost(bench: Bench, work: () => Promise<number>): Promise<{ cpuMs: number; tookMs: number }> {
  const { serverPid } = await bench.carillon()
  const used = () => (cpuSeconds(serverPid) + cpuSeconds(bench.postgres.pid)) * 1000
  await bench.postgres.settle()
  const before = used()
  const tookMs = await work()
  return { cpuMs: used() - before, tookMs }
}

const perNode = (ms: number) => `${Math.round((ms * 1000) / NODES)} µs`
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
