import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { CarillonError } from '@carillon/core'
import type { CallbackBody, ReportItem } from '@carillon/contract'
import { insertCallback, lockCallback, markCallbackUsed, type CallbackFor } from '../storage/callback.ts'
import type { Engine } from './engine.ts'
import { applyReports } from './report.ts'

/** How long an attempt waits for its call, where its settings do not say. */
export const CALLBACK_WAIT_MS = 86_400_000

/**
 * Gives an attempt an address of its own, before it is told to anybody. Answers the last part of it, `<id>.<secret>`; of the secret only the
 * hash is kept. Null where the attempt is over. Throws STATE_CONFLICT where it has been given one before.
 */
export async function openCallback(engine: Engine, attempt: CallbackFor, waitMs = CALLBACK_WAIT_MS): Promise<string | null> {
  const secret = randomBytes(32).toString('base64url')
  const id = await engine.db.engine((tx) => insertCallback(tx, attempt, hashOf(secret), waitMs))
  if (id === 'GIVEN')
    throw new CarillonError(
      'STATE_CONFLICT',
      'This attempt has been given its address already, and it is told once only. Fail it, to be given another.',
    )
  return id === null ? null : `${id}.${secret}`
}

/** TAKEN: it ended the attempt. Anything else has changed nothing. */
export type CallbackAnswer = 'TAKEN' | 'UNKNOWN' | 'USED' | 'OVER'

/**
 * Ends the attempt of a callback, as a report of its executor would: fenced by its token, bounded in size, through the same funnel. The row of
 * the callback is locked before anything else, so that of two calls at once one counts.
 */
export async function takeCallback(engine: Engine, given: string, body: CallbackBody): Promise<CallbackAnswer> {
  const { id, secret } = partsOf(given)
  return engine.db.engine(async (tx) => {
    const row = await lockCallback(tx, id)
    // The same work whether there is such a callback or not.
    const isRight = timingSafeEqual(hashOf(secret), row?.hash ?? NOBODYS_HASH)
    if (!row || !isRight) return 'UNKNOWN'
    if (row.used) return 'USED'
    const { tenantId, instanceId, token } = row
    const item = itemOf({ tenant: tenantId, instance: instanceId, token }, body)
    const [answer] = await applyReports(tx, engine, [{ tenantId, sessionId: null, item }])
    if (answer?.status !== 'ACCEPTED') return 'OVER'
    await markCallbackUsed(tx, row)
    return 'TAKEN'
  })
}

function itemOf(holding: { tenant: number; instance: number; token: number }, body: CallbackBody): ReportItem {
  if (body.state === 'SUCCESS')
    return { kind: 'SUCCESS', ...holding, ...(body.output === undefined ? {} : { output: body.output }) }
  const { error = { message: 'The callback said that it failed.' }, retriable } = body
  return { kind: 'FAILURE', ...holding, error, ...(retriable === undefined ? {} : { retriable }) }
}

/** What is not spelt as an address leads to no row. */
function partsOf(given: string): { id: number; secret: string } {
  const [, id = '0', secret = ''] = /^([0-9]{1,16})\.([A-Za-z0-9_-]{43})$/.exec(given) ?? []
  return { id: Number(id), secret }
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()
const NOBODYS_HASH = randomBytes(32)
