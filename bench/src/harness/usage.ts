import { readdirSync, readFileSync } from 'node:fs'
import type { Bench } from '../bench.ts'

// Read from /proc, so on Linux only; the benchmark says so where it cannot.

/** The most memory a process has ever had resident, in megabytes. */
export function peakRssMb(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (!line) throw new Error(`/proc/${pid}/status does not tell VmHWM.`)
  return Math.round(Number(line[1]) / 1024)
}

/** Linux counts processor time in hundredths of a second for user space, whatever its own tick is. */
const TICKS_PER_SECOND = 100

/** Processor seconds of a process and its children, those that have ended included. */
export function cpuSeconds(pid: number): number {
  const own = statOf(pid)
  if (own === null) return 0
  const living = childrenOf(pid).map(statOf)
  const ticks = living.reduce((sum, child) => sum + (child === null ? 0 : child.own), own.own + own.ended)
  return ticks / TICKS_PER_SECOND
}

/** How much of a core server and PostgreSQL together use during `work`, in percent. */
export async function coreShare({ carillon, postgres }: Bench, work: () => Promise<unknown>): Promise<number> {
  const { serverPid } = await carillon()
  const used = () => cpuSeconds(serverPid) + cpuSeconds(postgres.pid)
  const [before, begun] = [used(), performance.now()]
  await work()
  return ((used() - before) * 100_000) / (performance.now() - begun)
}

function childrenOf(pid: number): number[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return processes.map(Number).filter((each) => statOf(each)?.parent === pid)
}

/** The second field, the name in brackets, may contain spaces: fields are counted behind it. */
function statOf(pid: number): { parent: number; own: number; ended: number } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number)
    return { parent: fields[1]!, own: fields[11]! + fields[12]!, ended: fields[13]! + fields[14]! }
  } catch {
    return null
  }
}
