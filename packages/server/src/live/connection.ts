import { CLOSE_UNAUTHENTICATED, LiveRequest, MOST_TOPICS, type LiveMessage, type LiveTopic } from '@carillon/contract'
import { CarillonError, type Permission } from '@carillon/core'
import type { WebSocket } from 'ws'
import { invalidFields } from '../definition/invalid.ts'
import { compileValidator, fieldProblems } from '../definition/validation.ts'
import type { Principal } from '../http/auth.ts'
import { carillonErrorOf, internalError, problemOf } from '../http/problems.ts'
import { groupBy } from '../lifecycle/group.ts'
import type { Seat, Topics, Viewer } from './topics.ts'

export interface ConnectionDeps {
  readonly socket: WebSocket
  readonly nodeId: string
  /** Of the request that opened it, for what its problems are called by. */
  readonly requestId: string
  readonly topics: Topics
  /** Who the client is; throws a CarillonError if nobody (any more). */
  identify(): Promise<Principal>
  /** Who it is in a tenant, if it has the permission there; throws a CarillonError otherwise. */
  authenticate(tenant: string, access: Permission): Promise<Principal>
  join(tenantId: number, topic: LiveTopic, viewer: Viewer, since: number | undefined): Seat
  accessOf(topic: LiveTopic): Permission
  onError(error: unknown): void
}

/** One client: its subscriptions, and what has been sent to it. */
export interface Connection {
  /** Takes its topics away where it may not see them any more. */
  recheck(): Promise<void>
  /** Says that the server lives, and asks the same of the client: one that has not answered the time before is cut off. */
  ping(): void
  close(code: number, reason: string): void
}

/** While so much is waiting to be read by the client, nothing is added: it gets what it lacks when it has read that. */
const MOST_BUFFERED_BYTES = 2 ** 20
/** Messages of a client within ten seconds. */
const MOST_MESSAGES = 500
const MESSAGES_WINDOW_MS = 10_000
const POLICY_VIOLATION = 1008

interface Subscription {
  readonly id: number
  readonly topic: LiveTopic
  /** null: it is being asked whether the client may see it. */
  tenantId: number | null
  seat: Seat | null
  seq: number | undefined
  /** The client has been told that what it has is out of date. */
  stale: boolean
}

const validate = compileValidator({ schema: LiveRequest, httpPart: 'body' })

export function openConnection(deps: ConnectionDeps): Connection {
  const { socket } = deps
  const subscriptions = new Map<number, Subscription>()
  let paused = false
  /** Who it is could not be asked: until it can, nothing is shown. */
  let unsure = false
  let answered = true
  let checking = false
  let messages = { since: performance.now(), count: 0 }

  const open = () => [...subscriptions.values()].filter(({ tenantId }) => tenantId !== null)
  const isFull = () => socket.bufferedAmount > MOST_BUFFERED_BYTES
  const write = (text: string) => {
    if (socket.readyState === socket.OPEN) socket.send(text, catchUp)
  }
  const say = (message: LiveMessage) => write(JSON.stringify(message))
  const refuse = (id: number, error: unknown) => {
    const known = carillonErrorOf(error)
    if (known === null) deps.onError(error)
    say({ type: 'refused', id, problem: problemOf(known ?? internalError(), deps.requestId).body as never })
  }

  /** Once the client has read enough of what was sent, it gets what was held back. */
  function catchUp(): void {
    for (const subscription of open()) if (subscription.stale && !isFull()) show(subscription)
  }
  function show(subscription: Subscription): void {
    if (isFull() || unsure) return outdate(subscription)
    const message = subscription.seat?.take(subscription.stale)
    if (!message) return
    subscription.stale = false
    write(`{"type":"${message.type}","id":${subscription.id},${message.rest}`)
  }
  function outdate(subscription: Subscription): void {
    if (subscription.stale) return
    subscription.stale = true
    say({ type: 'resync', id: subscription.id })
  }
  const end = (subscription: Subscription, error: unknown) => {
    leave(subscription)
    subscriptions.delete(subscription.id)
    refuse(subscription.id, error)
  }
  const leave = (subscription: Subscription) => {
    subscription.seq = subscription.seat?.seq() ?? subscription.seq
    subscription.seat?.leave()
    subscription.seat = null
  }
  const sit = (subscription: Subscription) => {
    subscription.seat = deps.join(
      subscription.tenantId!,
      subscription.topic,
      {
        news: () => show(subscription),
        trouble: () => outdate(subscription),
        ended: (error) => end(subscription, error),
      },
      subscription.seq,
    )
  }

  async function subscribe({ id, topic, since }: Extract<LiveRequest, { type: 'subscribe' }>): Promise<void> {
    if (subscriptions.has(id))
      return refuse(id, new CarillonError('STATE_CONFLICT', `The subscription ${id} is open already. Take another number.`))
    if (subscriptions.size >= MOST_TOPICS)
      return refuse(
        id,
        new CarillonError('RATE_LIMITED', `A connection shows at most ${MOST_TOPICS} topics. End another one first.`),
      )
    const subscription: Subscription = { id, topic, tenantId: null, seat: null, seq: since, stale: false }
    const isOpen = () => subscriptions.get(id) === subscription
    subscriptions.set(id, subscription)
    try {
      const { tenantId } = await deps.authenticate(topic.tenant, deps.accessOf(topic))
      // It may have been ended while that was asked.
      if (!isOpen()) return
      subscription.tenantId = tenantId
      if (!paused) sit(subscription)
    } catch (error) {
      if (isOpen()) end(subscription, error)
    }
  }
  function unsubscribe(id: number): void {
    const subscription = subscriptions.get(id)
    if (subscription) leave(subscription)
    subscriptions.delete(id)
  }
  function pause(): void {
    paused = true
    open().forEach(leave)
  }
  function resume(): void {
    if (!paused) return
    paused = false
    for (const subscription of open()) {
      try {
        sit(subscription)
      } catch (error) {
        end(subscription, error)
      }
    }
  }
  async function take(request: LiveRequest): Promise<void> {
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
  }
  const isTooMuch = () => {
    const now = performance.now()
    if (now - messages.since > MESSAGES_WINDOW_MS) messages = { since: now, count: 0 }
    return ++messages.count > MOST_MESSAGES
  }

  socket.on('message', (data: Buffer) => {
    if (isTooMuch()) return socket.close(POLICY_VIOLATION, 'Too many messages.')
    const request = read(String(data))
    if ('error' in request) return refuse(request.id, request.error)
    void take(request.value)
  })
  socket.on('pong', () => {
    answered = true
  })
  socket.on('close', () => {
    open().forEach(leave)
    subscriptions.clear()
  })
  say({ type: 'hello', serverTime: Date.now(), node: deps.nodeId })

  /** What is no longer to be seen is taken away; whether it is known who the client is. */
  const check = async (who: () => Promise<Principal>, mine: readonly Subscription[]): Promise<'KNOWN' | 'NOBODY' | 'UNSURE'> => {
    try {
      await who()
      return 'KNOWN'
    } catch (error) {
      const refusal = carillonErrorOf(error)
      if (refusal === null || refusal.code === 'UNAVAILABLE') return 'UNSURE'
      for (const each of mine) if (subscriptions.get(each.id) === each) end(each, refusal)
      return refusal.code === 'UNAUTHENTICATED' ? 'NOBODY' : 'KNOWN'
    }
  }

  const recheck = async () => {
    const all = open()
    const groups = groupBy(all, ({ topic }) => `${topic.tenant} ${deps.accessOf(topic)}`)
    const checks = [...groups.values()].map((mine) => {
      const { topic } = mine[0]!
      return check(() => deps.authenticate(topic.tenant, deps.accessOf(topic)), mine)
    })
    const answers = await Promise.all([check(deps.identify, all), ...checks])
    if (answers.includes('NOBODY')) return socket.close(CLOSE_UNAUTHENTICATED, 'Your sign-in has ended.')
    unsure = answers.includes('UNSURE')
    if (unsure) open().forEach(outdate)
    else catchUp()
  }

  return {
    async recheck() {
      if (checking) return
      checking = true
      try {
        await recheck()
      } finally {
        checking = false
      }
    },
    ping() {
      if (!answered) return socket.terminate()
      answered = false
      socket.ping()
      if (!isFull()) say({ type: 'ping', serverTime: Date.now() })
    },
    close: (code, reason) => socket.close(code, reason),
  }
}

type Read = { readonly value: LiveRequest } | { readonly id: number; readonly error: CarillonError }

function read(text: string): Read {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { id: 0, error: new CarillonError('MALFORMED_REQUEST', 'The message is not valid JSON.') }
  }
  if (validate(value)) return { value: value as LiveRequest }
  const { id } = (value ?? {}) as { id?: unknown }
  const problems = fieldProblems(validate.errors ?? [], '')
  return { id: Number.isSafeInteger(id) && (id as number) > 0 ? (id as number) : 0, error: invalidFields(problems) }
}
