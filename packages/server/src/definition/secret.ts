import { isDeepStrictEqual } from 'node:util'
import type { SecretView, UsableBy } from '@carillon/contract'
import { CarillonError, permits, secretNamesIn, type PlanNode, type Role } from '@carillon/core'
import type { Transaction } from '../storage/database.ts'
import { apps, findSharedApp } from '../storage/app.ts'
import {
  deleteSecret,
  insertSecret,
  lockSecret,
  rotateSecret,
  selectScopes,
  updateSecret as updateSecretRow,
} from '../storage/secret.ts'
import type { Vault } from '../vault/vault.ts'
import type { Change, Edit } from './edit.ts'
import { invalid, invalidFields } from './invalid.ts'
import { assertVersion, noSuch } from './versioned-object.ts'

export interface SecretWanted {
  readonly name: string
  readonly value: string
  readonly description?: string
  readonly usableBy?: UsableBy
}

/** What is audited is what can be read: the value is in none of it. */
export async function createSecret(edit: Edit, vault: Vault, wanted: SecretWanted): Promise<Change<SecretView>> {
  const { tx, tenantId } = edit
  const { name, value, description = '', usableBy = {} } = wanted
  await assertAppsExist(edit, usableBy.apps, [])
  const sealed = await vault.seal(tx, { tenantId, name, valueVersion: 1 }, value)
  const row = await insertSecret(tx, tenantId, { name, description, usableBy, ...sealed, createdBy: edit.principal })
  if (!row) throw new CarillonError('CODE_TAKEN', `There is a secret "${name}" already. Rotate it to give it another value.`)
  return { answer: row, object: { kind: 'secret', id: row.id }, before: null, after: row }
}

export async function updateSecret(
  edit: Edit,
  ref: string,
  { version, ...given }: { readonly version: number; readonly description?: string; readonly usableBy?: UsableBy },
): Promise<Change<SecretView>> {
  const before = await locked(edit, ref)
  assertVersion(before, version)
  await assertAppsExist(edit, given.usableBy?.apps, before.usableBy.apps)
  const after = await updateSecretRow(edit.tx, edit.tenantId, { ...before, ...given })
  return { answer: after, object: { kind: 'secret', id: before.id }, before, after }
}

/** The new value is bound to the next version: the row of an older one, put back, does not open. */
export async function rotate(edit: Edit, vault: Vault, ref: string, value: string): Promise<Change<SecretView>> {
  const { tx, tenantId } = edit
  const before = await locked(edit, ref)
  const valueVersion = before.valueVersion + 1
  const sealed = await vault.seal(tx, { tenantId, name: before.name, valueVersion }, value)
  const after = await rotateSecret(tx, tenantId, before.id, { ...sealed, valueVersion })
  return { answer: after, object: { kind: 'secret', id: before.id }, before, after }
}

export async function removeSecret(edit: Edit, ref: string): Promise<Change<undefined>> {
  const before = await locked(edit, ref)
  await deleteSecret(edit.tx, edit.tenantId, before.id)
  return { answer: undefined, object: { kind: 'secret', id: before.id }, before, after: null }
}

async function locked({ tx, tenantId }: Edit, ref: string): Promise<SecretView> {
  const row = await lockSecret(tx, tenantId, ref)
  if (!row) throw noSuch('secret')
  return row
}

/**
 * An app that is not there would get nothing, and whoever meant another would hear of it when an attempt fails. Tasks and DAGs may come
 * later: they refer to the secret, so it is there first. `before`: an app that it names already may have been deleted since.
 */
async function assertAppsExist(
  { tx, tenantId }: Edit,
  named: readonly string[] = [],
  before: readonly string[] = [],
): Promise<void> {
  const missing = async (code: string) => !((await apps.find(tx, tenantId, code)) ?? (await findSharedApp(tx, code)))
  for (const [index, code] of named.entries())
    if (!before.includes(code) && (await missing(code)))
      throw invalid(`/body/usableBy/apps/${index}`, `names the app ${code}, which does not exist in this tenant`)
}

/**
 * Whoever writes a definition may refer to the secrets that exist and are open to their role. `before`: what it said; who leaves that as it
 * is need not be open to, but who changes the address beside a secret decides where the secret goes, as if they had written both.
 * `path`: where the definition stands in the request.
 */
export async function assertMayRefer(edit: Edit, after: unknown, before: unknown, path: string): Promise<void> {
  const names = isDeepStrictEqual(after, before) ? [] : secretNamesIn(after)
  if (names.length === 0) return
  const scopes = new Map((await selectScopes(edit.tx, edit.tenantId, names)).map((each) => [each.name, each.usableBy]))
  const problems = names.flatMap((name) => {
    const message = refusalOf(name, scopes.get(name), edit.role)
    return message === null ? [] : [{ path, message }]
  })
  if (problems.length > 0) throw invalidFields(problems)
}

/** The secrets of a task beside which parameters would be put by somebody else than who wrote it; none where it is a handler that decides. */
export function secretsBeside(
  { paramsAreWork, params }: PlanNode,
  given: Readonly<Record<string, unknown>> | undefined,
): string[] {
  return paramsAreWork && given && Object.keys(given).length > 0 ? secretNamesIn(params) : []
}

/** Other parameters beside secrets are for those who might have written the task: see `secretsBeside`. */
export async function judgeOverrides(
  tx: Transaction,
  { tenantId, role }: { readonly tenantId: number; readonly role: Role },
  names: readonly string[],
): Promise<(beside: readonly string[]) => CarillonError | null> {
  const mayWrite = permits(role, false, 'definition.write')
  const found = names.length === 0 || !mayWrite ? [] : await selectScopes(tx, tenantId, [...new Set(names)])
  const scopes = new Map(found.map((each) => [each.name, each.usableBy]))
  return (beside) => {
    if (beside.length === 0) return null
    if (!mayWrite)
      return new CarillonError(
        'FORBIDDEN',
        `The parameters of this task say what it does, and refer to the secret "${beside[0]}". Start it as it is, or ask somebody who may write tasks; yours is the role ${role}.`,
      )
    const message = beside.map((name) => refusalOf(name, scopes.get(name), role)).find((each) => each !== null)
    return message === undefined || message === null ? null : invalid('/body/params', `stand beside a parameter that ${message}`)
  }
}

function refusalOf(name: string, usableBy: UsableBy | undefined, role: Role): string | null {
  if (!usableBy) return `refers to the secret "${name}", which does not exist in this tenant`
  const { roles } = usableBy
  if (roles === undefined || roles.includes(role as never)) return null
  return `refers to the secret "${name}", which is open to the roles ${roles.join(', ') || 'none'}; yours is ${role}`
}
