import type { Probe, ProbeResult } from '../../lifecycle/check-health.ts'
import { createCoalescer } from '../../runtime/coalescer.ts'
import { calleesByHand } from './callee.ts'
import type { GatewayDeps } from './transport.ts'

interface Asked {
  readonly tenantId: number
  readonly executorId: number
}

/** Asks an executor that people registered for its beat, with the token that it knows: a wrong one is found before there is work for it. */
export function createBeatProbe({ engine, vault, client }: Pick<GatewayDeps, 'engine' | 'vault' | 'client'>): Probe {
  const callees = createCoalescer((asked: readonly Asked[]) => engine.db.engine((tx) => calleesByHand(tx, vault, asked)), {
    mostItems: 500,
    lanes: 1,
  })
  return async (_url, signal, { tenantId, executorId }): Promise<ProbeResult> => {
    const [callee] = await callees.add([{ tenantId, executorId }])
    // Of this node, not of the executor: another node may have the key.
    if (typeof callee !== 'object') throw new Error(callee)
    const called = await client.beat(callee, signal)
    if (called.kind === 'OK') return { ok: true }
    const late = signal.aborted ? 'It did not answer in time' : called.message
    return { ok: false, reason: called.kind === 'REFUSED' ? `It refused its beat: ${called.message}` : late }
  }
}
