import { createCoalescer } from '../runtime/coalescer.ts'
import { blamesItem, isDataError, isolate } from '../runtime/isolate.ts'
import { acceptStarts } from './accept-starts.ts'
import type { Engine } from './engine.ts'
import type { AuditEntry, Lifecycle, StartRequest, StartResult } from './lifecycle.ts'

/**
 * Starts what callers of the API ask for, theirs together in batches. What is of many nodes goes its own way, a piece of each caller at a
 * time, so that neither the starts of others wait for it nor a transaction takes too long.
 */
export function createStarts(engine: Engine): Lifecycle['startRuns'] {
  const { startBatch, startNodes } = engine.settings
  /** A request's audit row stands once: with the first of its items that is written. */
  const audited = new WeakSet<AuditEntry>()
  const run = (requests: readonly StartRequest[]) => startIsolated(engine, requests, audited)
  const small = createCoalescer(run, { mostItems: startBatch, lanes: 2, weigh: nodesOf })
  const large = createCoalescer(run, { mostItems: startNodes, lanes: 1, weigh: nodesOf })
  return async (requests) => {
    const answers: StartResult[] = []
    for (const piece of piecesOf(requests, startNodes)) {
      const isSmall = sumOf(piece) <= Math.max(startBatch, piece.length)
      try {
        answers.push(...(await (isSmall ? small : large).add(piece)))
      } catch (error) {
        // What has been started is not to be forgotten for what could not be.
        if (answers.length === 0) throw error
        engine.report('start.interrupted', { started: answers.length, of: requests.length, error: String(error) })
        return [...answers, ...requests.slice(answers.length).map(() => INTERRUPTED)]
      }
    }
    return answers
  }
}

const nodesOf = ({ nodes = 1 }: StartRequest) => nodes

const sumOf = (requests: readonly StartRequest[]) => requests.reduce((sum, request) => sum + nodesOf(request), 0)

/** In their order; each piece as large as it may be. */
function piecesOf(requests: readonly StartRequest[], mostNodes: number): StartRequest[][] {
  if (sumOf(requests) <= mostNodes) return [[...requests]]
  const pieces: StartRequest[][] = []
  let left = 0
  for (const request of requests) {
    const nodes = nodesOf(request)
    if (pieces.length === 0 || nodes > left) {
      pieces.push([])
      left = mostNodes
    }
    pieces.at(-1)!.push(request)
    left -= nodes
  }
  return pieces
}

const INTERRUPTED: StartResult = {
  kind: 'REFUSED',
  code: 'UNAVAILABLE',
  detail: 'The database could not answer before this run was started. Try again with the same idempotency key.',
}

/** One bad item must not fail its neighbours. What takes too long all alone is the circumstances' fault. */
function startIsolated(engine: Engine, requests: readonly StartRequest[], audited: WeakSet<AuditEntry>): Promise<StartResult[]> {
  return isolate(
    requests,
    (batch) => engine.db.engine((tx) => acceptStarts(tx, engine, batch, audited)),
    ({ tenantId, target }, error): StartResult => {
      engine.report('start.failed', { tenantId, target, error: String(error) })
      return { kind: 'REFUSED', code: isDataError(error) ? 'VALIDATION_FAILED' : 'INTERNAL', detail: NOT_STORED }
    },
    blamesItem,
  )
}

/** What the database says may hold what others have written. */
const NOT_STORED = "The run could not be started. The server's log says why."
