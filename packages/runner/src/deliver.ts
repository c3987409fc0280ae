import { createHash } from 'node:crypto'
import { FatalError, type HandlerContext } from '@carillon/executor'
import mustache from 'mustache'

type Data = Readonly<Record<string, unknown>>

/** Recipients as parameters give them. */
export type Recipients = readonly (string | { readonly to: string; readonly data?: Data })[]

export interface Delivery {
  readonly to: string
  /** The same for every attempt, another for every recipient: whoever receives it twice can tell. */
  readonly id: string
  /** Fills in what the message refers to. */
  readonly fill: (template: string) => string
  /** The same for HTML: values are escaped. */
  readonly fillHtml: (template: string) => string
}

/** The other side does not take this message, and will not later. The others go on. */
export class Rejected extends Error {
  override readonly name = 'Rejected'
}

export interface DeliveryOutput {
  readonly sent: number
  readonly rejected: readonly { readonly to: string; readonly reason: string }[]
}

interface DeliverOptions {
  readonly to: Recipients
  readonly data?: Data
  readonly batchSize?: number
}

/** Messages of a batch that are on their way at once. */
const LANES = 8

/**
 * Sends to each recipient, batch by batch. Whom the other side rejects is told in the output; where it rejects all, or is out of order,
 * the attempt fails. (A next attempt sends to all of them again, under the same identifiers.)
 */
export async function deliver(
  context: HandlerContext,
  { to, data = {}, batchSize = 50 }: DeliverOptions,
  send: (delivery: Delivery) => Promise<void>,
): Promise<DeliveryOutput> {
  const deliveries = to.map((recipient) => deliveryOf(context, recipient, data))
  const rejected: { to: string; reason: string }[] = []
  for (let from = 0; from < deliveries.length; from += batchSize) {
    context.signal.throwIfAborted()
    const batch = deliveries.slice(from, from + batchSize)
    await inLanes(batch, async (delivery) => {
      await send(delivery).catch((error: unknown) => {
        if (!(error instanceof Rejected)) throw error
        rejected.push({ to: delivery.to, reason: error.message })
      })
    })
    const done = from + batch.length
    context.progress((100 * done) / deliveries.length, `${done} of ${deliveries.length}`)
  }
  for (const { to: whom, reason } of rejected) context.log.warn(`${whom} was rejected: ${reason}`)
  if (rejected.length === deliveries.length)
    throw new FatalError(`Every message was rejected; the first: ${rejected[0]!.reason}`, { code: 'MESSAGE_REJECTED' })
  context.log.info(`Sent ${deliveries.length - rejected.length} of ${deliveries.length}`)
  return { sent: deliveries.length - rejected.length, rejected }
}

function deliveryOf({ idempotencyKey }: HandlerContext, recipient: Recipients[number], common: Data): Delivery {
  const { to, data = {} } = typeof recipient === 'string' ? { to: recipient } : recipient
  const view = { ...common, to, ...data }
  return {
    to,
    id: createHash('sha256').update(`${idempotencyKey}\n${to}`).digest('hex').slice(0, 32),
    fill: (template) => mustache.render(template, view, undefined, { escape: plain }),
    fillHtml: (template) => mustache.render(template, view),
  }
}

const plain = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/** The first failure is thrown when all lanes have come to rest, so that nothing goes on behind the attempt's back. */
async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  let failed = false
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined && !failed; item = waiting.shift()) {
      await work(item).catch((error: unknown) => {
        failed = true
        throw error
      })
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: LANES }, lane))
  const failure = ended.find((each) => each.status === 'rejected')
  if (failure) throw failure.reason
}
