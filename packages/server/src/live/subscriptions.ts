import { MOST_TOPICS, type LiveRequest } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import type { Access } from './access.ts'
import type { Outlet } from './outlet.ts'
import { createSubscription, type Subscription, type SubscriptionDeps } from './subscription.ts'

/** All that one client is subscribed to. */
export interface Subscriptions {
  /** Does what the client asks for. */
  take(request: LiveRequest): Promise<void>
  /** Those of which it is known that the client may see them. */
  open(): readonly Subscription[]
  /** Takes one away, and says why. */
  end(subscription: Subscription, error: unknown): void
  leave(): void
}

export interface SubscriptionsDeps extends Pick<SubscriptionDeps, 'isHeldBack' | 'join'>, Access {
  readonly outlet: Outlet
}

export function createSubscriptions(deps: SubscriptionsDeps): Subscriptions {
  const { outlet } = deps
  const subscriptions = new Map<number, Subscription>()
  let paused = false

  const open = () => [...subscriptions.values()].filter((subscription) => subscription.isAdmitted())
  // It may have been ended, and its number taken by another, while something was asked.
  const isThere = (subscription: Subscription) => subscriptions.get(subscription.id) === subscription
  const unsubscribe = (id: number) => {
    subscriptions.get(id)?.leave()
    subscriptions.delete(id)
  }
  const end = (subscription: Subscription, error: unknown) => {
    if (!isThere(subscription)) return
    unsubscribe(subscription.id)
    outlet.refuse(subscription.id, error)
  }
  const sit = (subscription: Subscription) => {
    try {
      subscription.sit()
    } catch (error) {
      end(subscription, error)
    }
  }

  async function subscribe({ id, topic, since }: Extract<LiveRequest, { type: 'subscribe' }>): Promise<void> {
    const refusal = refusalOf(subscriptions, id)
    if (refusal !== null) return outlet.refuse(id, refusal)
    const subscription = createSubscription({ ...deps, id, topic, since, onEnded: (error) => end(subscription, error) })
    subscriptions.set(id, subscription)
    try {
      const { tenantId } = await deps.authenticate(topic.tenant, deps.accessOf(topic))
      if (!isThere(subscription)) return
      subscription.admit(tenantId)
    } catch (error) {
      return end(subscription, error)
    }
    if (!paused) sit(subscription)
  }
  function pause(): void {
    paused = true
    for (const subscription of open()) subscription.leave()
  }
  function resume(): void {
    if (!paused) return
    paused = false
    for (const subscription of open()) sit(subscription)
  }

  return {
    async take(request) {
      switch (request.type) {
        case 'subscribe':
          return subscribe(request)
        case 'unsubscribe':
          return unsubscribe(request.id)
        case 'pause':
          return pause()
        case 'resume':
          return resume()
      }
    },
    open,
    end,
    leave() {
      for (const id of [...subscriptions.keys()]) unsubscribe(id)
    },
  }
}

/** Why a client may not subscribe under this number; null: it may. */
function refusalOf(subscriptions: ReadonlyMap<number, Subscription>, id: number): CarillonError | null {
  if (subscriptions.has(id))
    return new CarillonError('STATE_CONFLICT', `The subscription ${id} is open already. Take another number.`)
  if (subscriptions.size >= MOST_TOPICS)
    return new CarillonError('RATE_LIMITED', `A connection shows at most ${MOST_TOPICS} topics. End another one first.`)
  return null
}
