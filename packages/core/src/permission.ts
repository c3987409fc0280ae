/** The roles of a tenant, most powerful first, and `executor` for the tokens of executors. */
export const ROLES = ['owner', 'admin', 'developer', 'operator', 'viewer', 'executor'] as const
export type Role = (typeof ROLES)[number]

const VIEWER = ['read'] as const
const OPERATOR = [...VIEWER, 'run.trigger', 'run.control', 'schedule.pause', 'executor.control'] as const
const DEVELOPER = [...OPERATOR, 'definition.write', 'run.bypass'] as const
const ADMIN = [
  ...DEVELOPER,
  'app.write',
  'audit.read',
  'token.manage',
  'member.manage',
  'run.purge',
  'run.force',
  'secret.manage',
] as const
const OWNER = [...ADMIN, 'tenant.write'] as const

/** What each role may do. `platform` is held by platform administrators only, whatever their role. */
export const PERMISSIONS_OF = {
  owner: OWNER,
  admin: ADMIN,
  developer: DEVELOPER,
  operator: OPERATOR,
  viewer: VIEWER,
  executor: ['executor'],
} as const satisfies Record<Role, readonly string[]>

export type Permission = (typeof OWNER)[number] | 'executor' | 'platform'

export function permits(role: Role, platformAdmin: boolean, permission: Permission): boolean {
  if (permission === 'platform') return platformAdmin
  return (PERMISSIONS_OF[role] as readonly Permission[]).includes(permission)
}
