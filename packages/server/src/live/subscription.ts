import type { LiveTopic } from '@carillon/contract'
import type { CarillonError } from '@carillon/core'
import type { Outlet } from './outlet.ts'
import type { Seat, Viewer } from './topics.ts'

/** What a client has been told of one topic. */
export interface Subscription {
  readonly id: number
  readonly topic: LiveTopic
  /** The client may see it, as one of this tenant. */
  admit(tenantId: number): void
  isAdmitted(): boolean
  /** Begins to show the topic, or goes on where the client is. Throws a CarillonError when it cannot be joined. */
  sit(): void
  /** Shows nothing more until it sits again. */
  leave(): void
  /** The client gets what it lacks; while nothing may be shown, it is told that it lacks something. */
  show(): void
  /** The client is told, once, that what it has is out of date. */
  outdate(): void
  /** What was held back is shown. */
  catchUp(): void
}

export interface SubscriptionDeps {
  readonly id: number
  readonly topic: LiveTopic
  /** The `seq` up to which the client knows the topic already. */
  readonly since: number | undefined
  readonly outlet: Outlet
  /** Nothing may be shown at present. */
  readonly isHeldBack: () => boolean
  readonly join: (tenantId: number, topic: LiveTopic, viewer: Viewer, since: number | undefined) => Seat
  /** The topic is over. */
  readonly onEnded: (error: CarillonError) => void
}

export function createSubscription(deps: SubscriptionDeps): Subscription {
  const { id, topic, outlet } = deps
  let tenantId: number | null = null
  let seat: Seat | null = null
  let seq = deps.since
  let stale = false

  const outdate = () => {
    if (stale) return
    stale = true
    outlet.say({ type: 'resync', id })
  }
  const show = () => {
    if (deps.isHeldBack()) return outdate()
    const message = seat?.take(stale)
    if (!message) return
    stale = false
    outlet.write(`{"type":"${message.type}","id":${id},${message.rest}`)
  }
  return {
    id,
    topic,
    admit(tenant) {
      tenantId = tenant
    },
    isAdmitted: () => tenantId !== null,
    sit() {
      seat = deps.join(tenantId!, topic, { news: show, trouble: outdate, ended: deps.onEnded }, seq)
    },
    leave() {
      seq = seat?.seq() ?? seq
      seat?.leave()
      seat = null
    },
    show,
    outdate,
    catchUp() {
      if (stale) show()
    },
  }
}
