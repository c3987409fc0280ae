import { isDeepStrictEqual } from 'node:util'
import { CarillonError } from '@carillon/core'
import type { Tenant } from '@carillon/contract'
import { privateTargetProblem } from '../lifecycle/private-targets.ts'
import { PLATFORM_TENANT } from '../storage/app.ts'
import { insertTenant, lockTenant, updateTenantRow } from '../storage/tenant.ts'
import type { Change, Edit } from './edit.ts'
import { invalid } from './invalid.ts'
import { KINDS } from './kinds/index.ts'
import { assertVersion } from './versioned-object.ts'

export async function createTenant(
  { tx }: Edit,
  body: { code: string; name?: string; weight?: number },
): Promise<Change<Tenant>> {
  const row = await insertTenant(tx, { code: body.code, name: body.name ?? body.code, weight: body.weight ?? 1 })
  return { answer: row, object: { kind: 'tenant', id: row.id }, before: null, after: row }
}

type TenantUpdate = { readonly version: number } & Partial<Pick<Tenant, 'name' | 'weight' | 'state' | 'kinds' | 'privateTargets'>>

export async function updateTenant({ tx }: Edit, ref: string, { version, ...given }: TenantUpdate): Promise<Change<Tenant>> {
  const before = await lockTenant(tx, ref)
  if (!before) throw new CarillonError('NOT_FOUND', 'There is no such tenant.')
  assertVersion(before, version)
  if (before.id === PLATFORM_TENANT && given.state === 'SUSPENDED')
    throw new CarillonError('STATE_CONFLICT', "The platform's own tenant cannot be suspended: its apps serve all others.")
  const unknown = given.kinds?.find((kind) => !KINDS.has(kind))
  if (unknown !== undefined) throw invalid('/body/kinds', `names ${unknown}; the kinds are ${[...KINDS.keys()].join(', ')}`)
  for (const target of given.privateTargets ?? []) {
    const problem = privateTargetProblem(target)
    if (problem !== null) throw invalid('/body/privateTargets', `names ${target}, which ${problem}`)
  }
  const wanted = { ...before, ...given }
  const after = isDeepStrictEqual(wanted, before) ? before : await updateTenantRow(tx, wanted)
  return { answer: after, object: { kind: 'tenant', id: after.id }, before, after }
}
