import Type, { type Static } from 'typebox'
import {
  DELIVERIES,
  LONGEST_DAG_EXPRESSION,
  LONGEST_INTERVAL_MS,
  MOST_CATCH_UP_FIRES,
  MOST_CATCH_UP_PER_MINUTE,
  MOST_SHARDS,
  ROUTE_STRATEGIES,
  type LabelRequirement,
  type RoutePolicy,
  type RouteStrategy,
} from '@carillon/core'
import { JsonObject, Text, choice, nullable, optional, strict, taggedUnion } from './schema.ts'

const DAY_MS = 86_400_000

const retry = {
  maxRetries: Type.Integer({ minimum: 0, maximum: 100, description: 'Attempts after the first' }),
  backoff: choice(['FIXED', 'LINEAR', 'EXPONENTIAL']),
  delayMs: Type.Integer({ minimum: 0, maximum: DAY_MS }),
  maxDelayMs: Type.Integer({ minimum: 0, maximum: 7 * DAY_MS, description: 'Longest single pause' }),
  jitter: Type.Number({ minimum: 0, maximum: 1, description: 'Share of the pause that is random' }),
  retryOn: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
    maxItems: 100,
    description: 'Error codes worth a retry; empty: all',
  }),
  neverOn: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 100, description: 'Error codes never retried' }),
}

/** How the runs of a task may overlap. */
export const Concurrency = taggedUnion('policy', [
  strict({
    policy: Type.Literal('PARALLEL'),
    limit: nullable(Type.Integer({ minimum: 1, maximum: 100_000, description: 'Runs at once; the others wait in order' })),
  }),
  strict({ policy: Type.Literal('SEQUENTIAL') }),
  strict({ policy: Type.Literal('SINGLETON') }),
  strict({
    policy: Type.Literal('KEYED'),
    each: choice(['SEQUENTIAL', 'SINGLETON']),
    ...optional({
      path: Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'The key is what stands at this dotted path in the parameters (`customer.id`); or give an expression',
      }),
      expression: Type.String({
        minLength: 1,
        maxLength: LONGEST_DAG_EXPRESSION,
        description: 'The key is what this gives; it knows `params` and `run.fireAt` (`params.region + "/" + params.tier`)',
      }),
    }),
  }),
  strict({ policy: Type.Literal('REPLACE') }),
])

/** What becomes of fires that were missed. */
export const Misfire = taggedUnion('policy', [
  strict({ policy: Type.Literal('SKIP') }),
  strict({ policy: Type.Literal('FIRE_ONCE') }),
  strict({
    policy: Type.Literal('CATCH_UP'),
    maxFires: Type.Integer({ minimum: 1, maximum: MOST_CATCH_UP_FIRES }),
    windowMs: Type.Integer({ minimum: 1, maximum: LONGEST_INTERVAL_MS }),
    perMinute: Type.Integer({ minimum: 1, maximum: MOST_CATCH_UP_PER_MINUTE }),
  }),
])

const shardRules = optional({
  maxParallel: Type.Integer({ minimum: 0, maximum: MOST_SHARDS, description: 'Shards at work at once; 0 = no limit' }),
  successShare: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    description: 'The run succeeds when at least this share of its shards does',
  }),
})

/** How a run falls apart into instances that each do a part. */
export const Shards = taggedUnion('mode', [
  strict({ mode: Type.Literal('COUNT'), total: Type.Integer({ minimum: 1, maximum: MOST_SHARDS }), ...shardRules }),
  strict({
    mode: Type.Literal('PARAMS'),
    params: Type.Array(JsonObject, {
      minItems: 1,
      maxItems: MOST_SHARDS,
      description: 'One shard for each; laid over the parameters of the run',
    }),
    ...shardRules,
  }),
  strict({ mode: Type.Literal('BROADCAST'), ...shardRules }),
])

const MOST_ROUTE_EXECUTORS = 200

const routeExecutor = strict({
  instance: Type.String({ minLength: 1, maxLength: 200, description: 'Its name in the app' }),
  ...optional({
    weight: Type.Integer({ minimum: 1, maximum: 1_000, description: 'Share among those of equal priority; 1 if left out' }),
    priority: Type.Integer({ minimum: 1, maximum: 10, description: '10 is first; 5 if left out' }),
  }),
})

const routing = strict({
  strategy: choice(ROUTE_STRATEGIES),
  ...optional({
    key: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Dotted path into the parameters; what is equal there goes together (STICKY, CONSISTENT_HASH)',
    }),
    failover: Type.Boolean({ description: 'Whether another takes what the executor that the strategy names has no place for' }),
    executors: Type.Array(routeExecutor, {
      minItems: 1,
      maxItems: MOST_ROUTE_EXECUTORS,
      description: 'Only these executors of the app may take it',
    }),
  }),
})

/** The strategy's word alone, or with what else there is to say. Not a union, so that errors are those of the form that was meant. */
const Routing = Type.Unsafe<RouteStrategy | RoutePolicy>({
  type: ['string', 'object'],
  description: 'Which executor gets an instance: a strategy, or a strategy with its key, failover and executors',
  if: { type: 'string' },
  then: choice(ROUTE_STRATEGIES),
  else: routing,
})

/** What an executor's label must be: a value, one of several, or none of several. */
const LabelValues = Type.Array(Text(255), { minItems: 1, maxItems: 50 })
export const LabelRule = Type.Unsafe<LabelRequirement>(
  Type.Union([Text(255), strict({ in: LabelValues }), strict({ notIn: LabelValues })]),
)

const policies = {
  timeoutMs: Type.Integer({ minimum: 0, maximum: 30 * DAY_MS, description: '0 = none' }),
  retry: strict(optional(retry)),
  priority: Type.Integer({ minimum: 1, maximum: 10, description: '10 is first' }),
  concurrency: Concurrency,
  misfire: Misfire,
  delivery: choice(DELIVERIES),
  route: Routing,
  shards: Shards,
  ratePerSecond: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000, description: 'Starts a second' }),
  searchable: Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
    maxItems: 8,
    uniqueItems: true,
    description: 'Top-level parameters by whose value runs can be found',
  }),
}

/** Policies that are set here; the rest is inherited: task over type over Carillon's own. A schedule may override `misfire` and `priority`. */
export const Policies = strict(optional(policies))

/** In an update, null sets a policy back to what it inherits. */
export const PoliciesPatch = strict(
  optional(
    Object.fromEntries(Object.entries(policies).map(([name, schema]) => [name, nullable(schema)])) as {
      [K in keyof typeof policies]: ReturnType<typeof nullable<(typeof policies)[K]>>
    },
  ),
)

/** What holds in the end, everything inherited resolved. */
export const EffectivePolicies = strict({
  ...policies,
  retry: strict(retry),
  ratePerSecond: nullable(policies.ratePerSecond),
  shards: nullable(Shards),
})

const dagPolicies = {
  concurrency: policies.concurrency,
  misfire: policies.misfire,
  priority: policies.priority,
  searchable: policies.searchable,
}

/** Policies of a DAG's runs; those of its nodes are their tasks'. */
export const DagPolicies = strict(optional(dagPolicies))
export const DagPoliciesPatch = strict(
  optional({
    concurrency: nullable(policies.concurrency),
    misfire: nullable(policies.misfire),
    priority: nullable(policies.priority),
    searchable: nullable(policies.searchable),
  }),
)
export const EffectiveDagPolicies = strict(dagPolicies)
export type DagPolicies = Static<typeof DagPolicies>
export type EffectiveDagPolicies = Static<typeof EffectiveDagPolicies>

/** What a node of a DAG may lay over its task's policies. */
export const NodePolicies = {
  timeoutMs: policies.timeoutMs,
  retry: policies.retry,
  priority: policies.priority,
  route: policies.route,
}

export type Policies = Static<typeof Policies>
export type EffectivePolicies = Static<typeof EffectivePolicies>
