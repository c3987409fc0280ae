import { expect, test } from 'vitest'
import { permits, PERMISSIONS_OF, ROLES, type Permission } from './permission.ts'

test('each role of people may do all that the next weaker may', () => {
  const people = ROLES.filter((role) => role !== 'executor')
  for (const [place, role] of people.slice(0, -1).entries()) {
    expect(PERMISSIONS_OF[role]).toEqual(expect.arrayContaining([...PERMISSIONS_OF[people[place + 1]!]]))
  }
})

test.each<[(typeof ROLES)[number], Permission, boolean]>([
  ['viewer', 'read', true],
  ['viewer', 'run.trigger', false],
  ['operator', 'run.control', true],
  ['operator', 'definition.write', false],
  ['developer', 'audit.read', false],
  ['admin', 'tenant.write', false],
  ['executor', 'executor', true],
  ['executor', 'read', false],
  ['owner', 'executor', false],
])('%s %s: %s', (role, permission, may) => expect(permits(role, false, permission)).toBe(may))

test('only a platform administrator may do what is the platform’s, whatever the role', () => {
  expect(permits('owner', false, 'platform')).toBe(false)
  expect(permits('owner', true, 'platform')).toBe(true)
})
