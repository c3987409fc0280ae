import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Demands } from './demands.ts'
import type { Dump } from './dump.ts'
import { readLines } from './lines.ts'
import type { ClientRecord } from './client.ts'
import type { Promised } from './promised.ts'
import type { TruthRecord } from './truth.ts'

/** Everything that was recorded of a scenario, from four points of view. The checker sees nothing else, so a kept folder can be checked again. */
export interface History {
  readonly promised: Promised
  readonly dump: Dump
  /** In the order of their writing within each executor; between executors by the machine's clock. */
  readonly truth: readonly TruthRecord[]
  readonly clients: readonly ClientRecord[]
  readonly nemesis: readonly NemesisRecord[]
}

export function readDemands(folder: string): Demands {
  return JSON.parse(readFileSync(join(folder, FILES.demands), 'utf8')) as Demands
}

export interface NemesisRecord {
  readonly at: number
  readonly event: string
}

export const FILES = {
  promised: 'promised.json',
  demands: 'demands.json',
  dump: 'dump.json',
  clients: 'clients.jsonl',
  nemesis: 'nemesis.jsonl',
  truth: (executor: string) => `truth-${executor}.jsonl`,
} as const

export function readHistory(folder: string): History {
  const json = <T>(name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
  const truthFiles = readdirSync(folder).filter((name) => name.startsWith('truth-'))
  return {
    promised: json<Promised>(FILES.promised),
    dump: json<Dump>(FILES.dump),
    truth: truthFiles.flatMap((name) => readLines<TruthRecord>(join(folder, name))).sort((a, b) => a.at - b.at),
    clients: readLines<ClientRecord>(join(folder, FILES.clients)),
    nemesis: readLines<NemesisRecord>(join(folder, FILES.nemesis)),
  }
}
