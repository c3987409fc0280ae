import type { Assignment, ReportItem } from '@carillon/contract'
import { SECRET_MARKER, secretNameIn, secretNamesIn, type Plan, type PlanNode } from '@carillon/core'
import { apps, tenantsWithApp } from '../storage/app.ts'
import type { Transaction } from '../storage/database.ts'
import type { Given } from './assignment.ts'
import type { Engine } from './engine.ts'
import { applyReports } from './report.ts'
import type { OpenSecret, SecretKey } from './secret-cache.ts'

/** To whom assignments go. */
export interface Receiver {
  readonly id: number
  readonly appTenantId: number
  readonly appId: number
}

/**
 * Puts secrets into assignments on their way to an executor, and nowhere else: what is stored of an instance keeps the names. An attempt
 * whose secret is missing, or not meant for it, ends here as failed and is not given out.
 */
export async function withSecrets(engine: Engine, receiver: Receiver, given: readonly Given[]): Promise<Assignment[]> {
  const keys = given.flatMap(keysOf)
  if (keys.length === 0) return given.map(({ assignment }) => assignment)
  const { find, app } = await engine.db.engine(async (tx) => {
    const find = await engine.secrets.load(tx, keys)
    const limited = keys.filter((key) => find(key)?.usableBy.apps !== undefined)
    return { find, app: limited.length > 0 ? await appNamedBy(tx, receiver, limited) : NO_APP }
  })
  const filled = given.map((each) => fill(each, find, app))
  const refused = filled.flatMap((each) => (each.kind === 'REFUSED' ? [each.report] : []))
  if (refused.length > 0) await reportRefused(engine, receiver, refused)
  return filled.flatMap((each) => (each.kind === 'FILLED' ? [each.assignment] : []))
}

/** The code by which a tenant calls the app that is to get its secrets; null where the code that it has is that of another app there. */
type AppNamed = (tenantId: number) => string | null

const NO_APP: AppNamed = () => null

/** A code means an app of the tenant before one that the platform shares. */
async function appNamedBy(tx: Transaction, { appTenantId, appId }: Receiver, keys: readonly SecretKey[]): Promise<AppNamed> {
  const code = (await apps.find(tx, appTenantId, String(appId)))?.code
  if (code === undefined) return NO_APP
  const others = keys.map((key) => key.tenantId).filter((tenantId) => tenantId !== appTenantId)
  const ownSuch = new Set(others.length === 0 ? [] : await tenantsWithApp(tx, code, others))
  return (tenantId) => (ownSuch.has(tenantId) ? null : code)
}

async function reportRefused(engine: Engine, { id }: Receiver, items: readonly ReportItem[]): Promise<void> {
  const reports = items.map((item) => ({ tenantId: item.tenant!, sessionId: id, item }))
  await engine.db.lease((tx) => applyReports(tx, engine, reports))
}

// ───────────────────────────────────────────────────────────────── which

/** Plans do not change, so neither do the secrets that their nodes refer to. */
const referred = new WeakMap<PlanNode, readonly string[]>()

/**
 * Only a definition refers to secrets, never data: what a run was given, or a node has answered, may hold a text or a map that looks like
 * a reference, and stays what it is unless the definition of the node names that secret.
 */
export function secretNamesOf(node: PlanNode): readonly string[] {
  const known = referred.get(node)
  if (known) return known
  const names = secretNamesIn([node.params, node.settings, node.variables])
  referred.set(node, names)
  return names
}

function keysOf({ assignment, node }: Given): SecretKey[] {
  return secretNamesOf(node).map((name) => ({ tenantId: assignment.tenant, name }))
}

// ───────────────────────────────────────────────────────────────── fill

type Filled =
  { readonly kind: 'FILLED'; readonly assignment: Assignment } | { readonly kind: 'REFUSED'; readonly report: ReportItem }

function fill(each: Given, find: (key: SecretKey) => OpenSecret | undefined, app: AppNamed): Filled {
  const { assignment, plan } = each
  const values = new Map<string, string>()
  for (const key of keysOf(each)) {
    const secret = find(key)
    const refusal = refusalOf(key.name, secret, plan, app(key.tenantId))
    if (refusal) return { kind: 'REFUSED', report: failureOf(assignment, refusal) }
    values.set(key.name, (secret!.opened as { value: string }).value)
  }
  if (values.size === 0) return { kind: 'FILLED', assignment }
  // The parameters of a DAG's node have been computed, and hold marks; everything else, shards of a task too, is as it was written.
  const isMarked = plan.targetKind === 'DAG'
  return {
    kind: 'FILLED',
    assignment: {
      ...assignment,
      params: replace(assignment.params, values, isMarked),
      settings: replace(assignment.settings, values, false),
      variables: replace(assignment.variables, values, false) as Assignment['variables'],
      secrets: [...new Set(values.values())],
    },
  }
}

function replace(value: unknown, values: ReadonlyMap<string, string>, isMarked: boolean): unknown {
  if (typeof value === 'string') {
    const name = isMarked ? null : secretNameIn(value)
    return name === null ? value : (values.get(name) ?? value)
  }
  if (Array.isArray(value)) return value.map((child) => replace(child, values, isMarked))
  if (typeof value !== 'object' || value === null) return value
  const marked = isMarked ? markedName(value) : null
  if (marked !== null) return values.get(marked) ?? value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replace(child, values, isMarked)]))
}

function markedName(value: object): string | null {
  const entries = Object.entries(value)
  const [key, name] = entries.length === 1 ? entries[0]! : []
  return key === SECRET_MARKER && typeof name === 'string' ? name : null
}

// ───────────────────────────────────────────────────────────────── refuse

interface Refusal {
  readonly code: string
  readonly message: string
  readonly retriable: boolean
}

function refusalOf(name: string, secret: OpenSecret | undefined, plan: Plan, app: string | null): Refusal | null {
  const forGood = (code: string, message: string) => ({ code, message, retriable: false })
  if (!secret)
    return forGood('SECRET_MISSING', `There is no secret "${name}". Store it (carillon secrets create ${name}), then retry.`)
  const { apps: allowed, tasks, dags } = secret.usableBy
  if (allowed !== undefined && (app === null || !allowed.includes(app)))
    return forGood('SECRET_FORBIDDEN', `The secret "${name}" is not meant for executors of the app ${app ?? 'that took this'}.`)
  const targets = plan.targetKind === 'TASK' ? tasks : dags
  if ((tasks !== undefined || dags !== undefined) && !targets?.includes(plan.code))
    return forGood(
      'SECRET_FORBIDDEN',
      `The secret "${name}" is not meant for the ${plan.targetKind === 'TASK' ? 'task' : 'DAG'} ${plan.code}.`,
    )
  const { opened } = secret
  if (opened.kind === 'DAMAGED')
    return forGood('SECRET_DAMAGED', `The secret "${name}" cannot be opened. ${opened.message} Rotate it.`)
  // Another node may have the key.
  if (opened.kind === 'LOCKED')
    return { code: 'SECRETS_LOCKED', message: `The secret "${name}" cannot be opened. ${opened.message}`, retriable: true }
  return null
}

function failureOf({ tenant, instance, token }: Assignment, { code, message, retriable }: Refusal): ReportItem {
  return { kind: 'FAILURE', tenant, instance, token, error: { code, message }, retriable }
}
