import type { HandlerContext } from '@carillon/executor'

/** What work in a process of its own is told of its attempt, as environment variables; those of the task lie over them. */
export function attemptVariables(context: HandlerContext): Record<string, string> {
  return {
    CARILLON_RUN: String(context.run),
    CARILLON_INSTANCE: String(context.instance),
    CARILLON_ATTEMPT: String(context.attempt),
    CARILLON_IDEMPOTENCY_KEY: context.idempotencyKey,
    CARILLON_FIRE_AT: context.fireAt === null ? '' : new Date(context.fireAt).toISOString(),
    CARILLON_SHARD_INDEX: String(context.shard.index),
    CARILLON_SHARD_TOTAL: String(context.shard.total),
    ...context.variables,
  }
}
