import type { LogLine, LogsAnswer } from '@carillon/contract'
import type { Transaction } from '../storage/database.ts'
import {
  appendLogLines,
  extendLogs,
  lockLogHolders,
  type LogExtension,
  type LogHolder,
  type StoredLogLine,
} from '../storage/log.ts'
import { storableText } from '../storage/storable-json.ts'
import { TenantMap } from '../storage/tenant-map.ts'
import { logTopic } from '../runtime/wake-hub.ts'
import type { Engine } from './engine.ts'

/** Lines of one attempt, with the session and tenant that their request was authenticated for. */
export interface ShippedLines {
  readonly tenantId: number
  readonly sessionId: number
  readonly instance: number
  readonly token: number
  readonly lines: readonly LogLine[]
}

type LogsItem = LogsAnswer['items'][number]

/**
 * Stores log lines: of an attempt that holds its instance, once each however often they are sent, up to the attempt's limit. Beyond it a
 * mark is left and later lines are counted, not kept.
 */
export async function storeLogs(tx: Transaction, engine: Engine, shipments: readonly ShippedLines[]): Promise<LogsItem[]> {
  const merged = mergeShipments(shipments)
  const answers = await storeMerged(tx, engine, [...merged.values()])
  const answerOf = new Map([...merged.keys()].map((name, place) => [name, answers[place]!]))
  return shipments.map((shipment) => answerOf.get(shipmentName(shipment))!)
}

const shipmentName = (shipment: ShippedLines) =>
  `${shipment.tenantId}:${shipment.instance}:${shipment.token}:${shipment.sessionId}`

/** Several shipments of one attempt, also a repeated one beside its original, are one: each line once, in its order. */
function mergeShipments(shipments: readonly ShippedLines[]): Map<string, ShippedLines> {
  const merged = new Map<string, ShippedLines>()
  for (const shipment of shipments) {
    const name = shipmentName(shipment)
    const lines = new Map([...(merged.get(name)?.lines ?? []), ...shipment.lines].map((line) => [line.seq, line]))
    merged.set(name, { ...shipment, lines: [...lines.values()].sort((a, b) => a.seq - b.seq) })
  }
  return merged
}

async function storeMerged(tx: Transaction, engine: Engine, shipments: readonly ShippedLines[]): Promise<LogsItem[]> {
  const keys = shipments.map(({ tenantId, instance }) => ({ tenantId, id: instance }))
  const holders = TenantMap.of(await lockLogHolders(tx, keys), (row) => row.id)
  const taken = shipments.map((shipment) => {
    const holder = holders.get(shipment.tenantId, shipment.instance)
    return holder && holder.token === shipment.token && holder.sessionId === shipment.sessionId
      ? takeLines(shipment, holder, engine.settings)
      : null
  })
  await storeTaken(
    tx,
    engine,
    taken.flatMap((each) => (each ? [each] : [])),
  )
  return taken.map((each) => (each ? each.answer : { status: 'STALE', ackSeq: 0, cut: false }))
}

/** Lines that the server itself has fetched from where the attempt runs, up to the same limit; also after its end. The caller has locked their source. */
export async function keepLines(
  tx: Transaction,
  engine: Engine,
  fetched: readonly { readonly holder: LogHolder; readonly lines: readonly LogLine[] }[],
): Promise<void> {
  await storeTaken(
    tx,
    engine,
    fetched.map(({ holder, lines }) => takeLines({ lines }, holder, engine.settings)),
  )
}

async function storeTaken(tx: Transaction, engine: Engine, taken: readonly TakenLines[]): Promise<void> {
  appendLogLines(
    tx,
    taken.flatMap((each) => each.stored),
  )
  extendLogs(
    tx,
    taken.filter((each) => each.extension.lines > 0).map((each) => each.extension),
  )
  tx.afterCommit(() => taken.forEach(({ extension }) => engine.hub.wake(logTopic(extension.instanceId))))
}

interface TakenLines {
  readonly stored: readonly StoredLogLine[]
  readonly extension: LogExtension
  readonly answer: LogsItem
}

function takeLines(
  { lines }: Pick<ShippedLines, 'lines'>,
  holder: LogHolder,
  limits: { logLineBytes: number; logAttemptBytes: number },
): TakenLines {
  const fresh = lines.filter((line) => line.seq > holder.lastSeq)
  const stored: StoredLogLine[] = []
  let bytes = holder.bytes
  let cut = holder.cut
  for (const line of fresh) {
    if (cut) break
    const text = shorten(line.text, limits.logLineBytes)
    bytes += Buffer.byteLength(text)
    cut = bytes > limits.logAttemptBytes
    stored.push(
      lineOf(
        holder,
        line,
        cut ? `… the log of this attempt has reached its limit of ${limits.logAttemptBytes} bytes and is cut here` : text,
      ),
    )
  }
  const lastSeq = Math.max(holder.lastSeq, lines.at(-1)?.seq ?? 0)
  return {
    stored,
    extension: {
      tenantId: holder.tenantId,
      instanceId: holder.id,
      attempt: holder.attempt,
      lines: fresh.length,
      bytes: bytes - holder.bytes,
      lastSeq,
      cut,
    },
    answer: { status: 'ACCEPTED', ackSeq: lastSeq, cut },
  }
}

function lineOf(holder: LogHolder, line: LogLine, text: string): StoredLogLine {
  return {
    tenantId: holder.tenantId,
    instanceId: holder.id,
    attempt: holder.attempt,
    seq: line.seq,
    at: line.at,
    level: line.level,
    source: line.source,
    text,
  }
}

/** Cuts a line at a limit of bytes, says so, and removes what PostgreSQL cannot store. */
export function shorten(text: string, limit: number): string {
  const clean = storableText(text)
  const bytes = Buffer.byteLength(clean)
  if (bytes <= limit) return clean
  // A cut within a character leaves a replacement character at the end; it goes.
  const head = Buffer.from(clean)
    .subarray(0, limit)
    .toString('utf8')
    .replace(/\uFFFD$/u, '')
  return `${head}… (${bytes - limit} bytes cut)`
}
