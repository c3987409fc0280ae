import { firstState, stateAfterRun, type DueState } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import {
  lockSleepingSchedules,
  selectForgottenDelays,
  selectScheduleDefinitions,
  wakeSchedules,
  type ScheduleKey,
} from '../storage/schedule-due.ts'
import { dropOrphanWakes, takeScheduleWakes } from '../storage/schedule-wake.ts'
import type { FiringDeps } from './fire-schedules.ts'

const BATCH = 500

/** Gives FIXED_DELAY schedules their next fire after the end of their run. */
export async function consumeScheduleWakes({ engine, schedules }: FiringDeps, restMs = 500): Promise<number> {
  const taken = await engine.db.engine(async (tx) => {
    const wakes = await takeScheduleWakes(tx, BATCH)
    if (wakes.length === 0) return 0
    const endedAt = new Map<string, number>()
    for (const wake of wakes) endedAt.set(nameOf(wake), Math.max(endedAt.get(nameOf(wake)) ?? 0, wake.endedAt))
    await rearm(tx, wakes, (definition) =>
      stateAfterRun(schedules.compiled(definition), definition.scheduleId, endedAt.get(nameOf(definition))!),
    )
    return wakes.length
  })
  return taken >= BATCH ? 0 : restMs
}

/** A FIXED_DELAY schedule that waits for a run that is no more: nothing will wake it, so it starts anew, and people are told. */
export async function rearmForgottenDelays({ engine, schedules }: FiringDeps): Promise<void> {
  await engine.db.engine(async (tx) => {
    await dropOrphanWakes(tx)
    const keys = await selectForgottenDelays(tx, BATCH)
    if (keys.length === 0) return
    const now = await tx.now()
    await rearm(tx, keys, (definition) => firstState(schedules.compiled(definition), definition.scheduleId, now))
    engine.report('schedule.rearmed', { schedules: keys })
  })
}

const nameOf = (key: ScheduleKey) => `${key.tenantId}:${key.scheduleId}`

async function rearm(
  tx: Transaction,
  keys: readonly ScheduleKey[],
  stateOf: (definition: Awaited<ReturnType<typeof selectScheduleDefinitions>>[number]) => DueState | null,
): Promise<void> {
  // Only those that sleep: one that was edited meanwhile has a next fire of its own.
  const sleeping = await lockSleepingSchedules(tx, keys)
  const definitions = await selectScheduleDefinitions(tx, sleeping)
  await wakeSchedules(
    tx,
    definitions.flatMap((definition) => {
      const state = definition.deleted ? null : stateOf(definition)
      return state
        ? [{ tenantId: definition.tenantId, scheduleId: definition.scheduleId, nextFireAt: state.nextFireAt, dueAt: state.dueAt }]
        : []
    }),
  )
}
