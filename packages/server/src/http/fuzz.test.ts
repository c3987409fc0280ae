import fc from 'fast-check'
import type { TSchema } from 'typebox'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApi, type TestApi } from './api.test-helper.ts'
import { everyRoute, seed, seedPlatform, urlOf, type Objects } from './every-route.test-helper.ts'

// Requests made from the routes' own schemas, right and nearly right, with what breaks things: NUL, surrogates, huge and tiny numbers,
// prototypes, texts that look like SQL. Whatever comes, the API answers; it never fails.

const faults: unknown[] = []
let api: TestApi
let own: Objects & { executorToken: string }
beforeAll(async () => {
  api = await startTestApi({ onFault: (error) => faults.push(error) })
  own = await seed(api, api.tenantA)
  await seedPlatform(api, api.tenantA.id)
})
afterAll(() => api.close())

interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
}

const nasty = fc.constantFrom<unknown>(
  ...[
    '',
    '\0',
    '\ud800',
    "'; drop table task; --",
    '%',
    '../../etc/passwd',
    '{{7*7}}',
    '1e309',
    'null',
    '\u202e',
    '𝔘𝔫𝔦',
    'a'.repeat(5_000),
  ],
  ...[0, -1, 1.5, 1e21, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 2 ** 31, 8_640_000_000_000_000],
  ...[null, true, [], {}, [[]], { constructor: 1 }, { length: -1 }, { toString: 1 }],
)

const texts = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }),
  fc.constantFrom(
    'task',
    'type',
    'app',
    'calendar',
    'schedule',
    'UTC',
    '@daily',
    '* * * * *',
    '0 0 0 30 2 ?',
    'http://x/',
    'x=y',
    'h',
    'code-1',
  ),
)

function valid(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives) return fc.oneof(...alternatives.map((alternative) => valid(alternative, depth)))
  switch (schema.type) {
    case 'integer':
      return fc.oneof(
        known(),
        fc.integer({ min: schema.minimum ?? -1000, max: Math.min(schema.maximum ?? 1e6, Number.MAX_SAFE_INTEGER) }),
      )
    case 'number':
      return fc.double({ min: schema.minimum ?? 0.001, max: schema.maximum ?? 1e6, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'string':
      return texts
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(broken(valid(schema.items ?? {}, depth + 1)), { minLength: schema.minItems ?? 0, maxLength: 3 })
    case 'object':
      return objects(schema, depth)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function objects(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {}).map(([name, child]) => [name, broken(valid(child, depth + 1))])
  const named = fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] as never[] })
  if (schema.additionalProperties === false || depth > 3) return named
  const free = fc.dictionary(
    texts,
    typeof schema.additionalProperties === 'object'
      ? valid(schema.additionalProperties, depth + 1)
      : fc.jsonValue({ maxDepth: 2 }),
    { maxKeys: 3 },
  )
  return fc.tuple(free, named).map(([some, others]) => ({ ...some, ...(others as object) }))
}

/** Now and then something else altogether. */
function broken(arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary }, { weight: 1, arbitrary: nasty })
}

/** Identifiers that exist. They are known only once the tenant is seeded. */
function known(): fc.Arbitrary<number> {
  return fc.nat(20).map((n) => Object.values(own).filter((value) => typeof value === 'number')[n] ?? 1)
}

const part = (schema: TSchema | undefined) => (schema ? valid(schema as Schema) : fc.constant(undefined))
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 25)

describe('INV-20 whatever is sent, the API answers and does not fail', () => {
  // Waiting claims and live logs answer when they have something; the scheduler's own switches would stop the others.
  const fuzzed = everyRoute.filter(({ name }) => !['executor.claim', 'instances.logTail'].includes(name))

  test.each(fuzzed.map((each) => [each.name, each] as const))('%s', async (name, { route }) => {
    const token = route.access === 'executor' ? own.executorToken : api.platform
    const headers = route.access === 'executor' ? {} : { 'carillon-tenant': 'tenant-a' }
    const request = fc.record({ params: part(route.params), query: part(route.query), body: part(route.body) })
    await fc.assert(
      fc.asyncProperty(request, async ({ params, query, body }) => {
        const url = urlOf(route, { params: textual(params), query: textual(query) })
        const answer = await api.call({ method: route.method, url, token, headers, ...(body === undefined ? {} : { body }) })
        expect(answer.status, `${name} ${url} ${JSON.stringify(body)} ${answer.text} ${String(faults.at(-1))}`).not.toBe(500)
        if (answer.status >= 400)
          expect(answer.body).toMatchObject({
            code: expect.any(String),
            detail: expect.any(String),
            requestId: expect.any(String),
          })
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  })
})

/** As they can stand in a URL: half a surrogate pair cannot. */
function textual(values: unknown): Record<string, string> {
  const entries = Object.entries((values as object | undefined) ?? {}).map(([key, value]) => [
    key,
    String(toText(value)).toWellFormed() || ' ',
  ])
  return Object.fromEntries(entries)
}

function toText(value: unknown): unknown {
  return typeof value === 'object' ? JSON.stringify(value) : value
}

test('what was thrown at them has harmed no other tenant', async () => {
  const { rows } = await api.root.query(`select count(*)::int as n from task where tenant_id = $1`, [api.tenantB.id])
  expect(rows[0].n).toBe(0)
})
