import { routes } from '@carillon/contract'
import i18next from 'i18next'
import { expect, test } from 'vitest'
import { partsOf } from './operations.ts'

const OPERATIONS = Object.values(routes).flatMap((group) =>
  Object.values(group as Readonly<Record<string, { readonly audit?: string }>>).flatMap(({ audit }) => audit ?? []),
)

test('every operation that a route may leave in the audit trail has words in both languages', () => {
  expect(OPERATIONS.length).toBeGreaterThan(50)
  const bare = OPERATIONS.flatMap((operation) => {
    const { kind, verb } = partsOf(operation)
    return ['en', 'zh']
      .filter((lng) => !i18next.exists(kind!, { ns: 'object-kinds', lng }) || !i18next.exists(verb, { ns: 'operations', lng }))
      .map((lng) => `${lng} ${operation}`)
  })
  expect(bare).toEqual([])
})

test('what was done stands alone where it is plain of what', () => {
  expect([partsOf('update'), partsOf('task-type.update'), partsOf('node.stop')]).toEqual([
    { kind: null, verb: 'update' },
    { kind: 'task_type', verb: 'update' },
    { kind: 'server_node', verb: 'stop' },
  ])
})
