import { defineHandler, type Isolation } from '@carillon/executor'
import { setTimeout as pause } from 'node:timers/promises'

/* The module of isolated handlers: loaded by the test, and again in each thread and process. */

const module = import.meta.url
const each = <T>(make: (isolate: Isolation) => T): T[] => (['thread', 'process'] as const).map(make)

export const echo = each((isolate) =>
  defineHandler({
    ...{ name: `echo-${isolate}`, isolate, module },
    run: ({ params, settings, attempt, idempotencyKey, deadline, log, progress }) => {
      log.info('got it', { key: params })
      log.write('WARN', 'raw', 'stderr')
      progress(50, 'half')
      const isFuture = deadline !== null && deadline > Date.now()
      return { params, settings, attempt, idempotencyKey, isFuture, pid: process.pid, at: new Date(0) }
    },
  }),
)

export const fail = each((isolate) =>
  defineHandler({
    ...{ name: `fail-${isolate}`, isolate, module },
    run: () => {
      throw Object.assign(new Error('The account is closed'), { code: 'ACCOUNT_CLOSED', retriable: false })
    },
  }),
)

export const block = each((isolate) =>
  defineHandler({
    ...{ name: `block-${isolate}`, isolate, module },
    run: async ({ log }) => {
      log.info('blocking')
      // What it has said is sent first.
      await pause(1)
      for (;;);
    },
  }),
)

export const exit = each((isolate) =>
  defineHandler({ ...{ name: `exit-${isolate}`, isolate, module }, run: () => process.exit(7) }),
)

export const leak = each((isolate) =>
  defineHandler({
    ...{ name: `leak-${isolate}`, isolate, module, memoryMb: 64 },
    run: () => {
      const kept: object[] = []
      for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index })))
    },
  }),
)

export const late = each((isolate) =>
  defineHandler({
    ...{ name: `late-${isolate}`, isolate, module },
    run: async () => {
      setTimeout(() => {
        throw new Error('thrown where nobody waits')
      })
      await pause(60_000)
    },
  }),
)

export const patient = each((isolate) =>
  defineHandler({
    ...{ name: `patient-${isolate}`, isolate, module },
    run: async ({ signal, log }) => {
      log.info('waiting')
      await pause(60_000, undefined, { signal }).catch(() =>
        log.info(`cleaned up after ${(signal.reason as { code: string }).code}`),
      )
      signal.throwIfAborted()
    },
  }),
)

/** Nobody exports it. */
const hidden = defineHandler({ ...{ name: 'hidden', isolate: 'thread', module }, run: () => 1 })
export const all = () => [...echo, ...fail, ...block, ...exit, ...leak, ...late, ...patient, hidden]
