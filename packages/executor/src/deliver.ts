import { BackOff, rest, type BackOffOptions } from './back-off.ts'
import { meaningOf } from './failed-call.ts'

/** The way to the server of one session. */
export interface Link {
  /** Aborted when the session is over: what is not yet answered then is of no use to anyone. */
  readonly over: AbortSignal
  readonly backOff: BackOffOptions
  /** The server said that the session has ended. */
  ended(): void
}

export interface Delivery<I, A> {
  /** Answers each item by itself, in the same order. */
  send(items: readonly I[]): Promise<readonly A[]>
  answered(item: I, answer: A): void
  /** The server will not take this item, whatever surrounds it. */
  refused(item: I, error: unknown): void | Promise<void>
}

/**
 * Brings items to the server: repeats the request until it is answered, however long the server is away. A request that is refused as a
 * whole is halved until the item it is refused for stands alone, so one bad item takes no other with it.
 */
export async function deliver<I, A>(items: readonly I[], delivery: Delivery<I, A>, link: Link): Promise<void> {
  const answer = await send(items, delivery, link)
  switch (answer.kind) {
    case 'ANSWERED':
      return items.forEach((item, index) => delivery.answered(item, answer.answers[index] as A))
    case 'REFUSED':
      if (items.length === 1) return delivery.refused(items[0] as I, answer.error)
      await deliver(items.slice(0, items.length >> 1), delivery, link)
      return deliver(items.slice(items.length >> 1), delivery, link)
    case 'OVER':
      return
  }
}

type Sent<A> =
  | { readonly kind: 'ANSWERED'; readonly answers: readonly A[] }
  | { readonly kind: 'REFUSED'; readonly error: unknown }
  | { readonly kind: 'OVER' }

async function send<I, A>(items: readonly I[], delivery: Delivery<I, A>, link: Link): Promise<Sent<A>> {
  const backOff = new BackOff(link.backOff)
  while (!link.over.aborted) {
    try {
      const answers = await delivery.send(items)
      if (answers.length === items.length) return { kind: 'ANSWERED', answers }
    } catch (error) {
      const meaning = meaningOf(error)
      if (meaning === 'REFUSED') return { kind: 'REFUSED', error }
      if (meaning === 'SESSION_ENDED') link.ended()
    }
    await rest(backOff.next(), link.over)
  }
  return { kind: 'OVER' }
}
