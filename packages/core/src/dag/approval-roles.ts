import { permits, type Role, ROLES } from '../permission.ts'
import type { ApprovalDefinition } from './definition.ts'

/** The roles that may decide an approval: those that it names, or all that may control runs. */
export function approvalRoles({ roles }: Pick<ApprovalDefinition, 'roles'>): readonly Role[] {
  return ROLES.filter((role) => (roles && roles.length > 0 ? roles.includes(role) : permits(role, false, 'run.control')))
}
