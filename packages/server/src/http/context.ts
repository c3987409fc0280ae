import type { Answer, Call, Route } from '@carillon/contract'
import type { Permission } from '@carillon/core'
import type { Change, Edit } from '../definition/edit.ts'
import type { AuditEntry, Lifecycle } from '../lifecycle/lifecycle.ts'
import type { HistoryDays } from '../lifecycle/history-days.ts'
import type { KnownTasks } from '../lifecycle/known-tasks.ts'
import type { PlanCache } from '../lifecycle/plan-cache.ts'
import type { WakeHub } from '../runtime/wake-hub.ts'
import { PLATFORM_TENANT } from '../storage/app.ts'
import { insertAudit } from '../storage/audit.ts'
import type { Database, Transaction } from '../storage/database.ts'
import type { IdempotencyKey } from '../storage/idempotency.ts'
import type { SessionLifetime } from '../storage/user-session.ts'
import type { Vault } from '../vault/vault.ts'
import { maskSecrets } from './audit.ts'
import { requirePermission, type Principal } from './auth.ts'
import { once } from './idempotency.ts'
import type { Overviews, PlatformOverviews } from './handlers/overview.ts'
import type { ScheduleDayMaps, ScheduleLoads } from './handlers/schedule-load.ts'
import type { SignIn } from './sign-in.ts'

/** What bounds and settings handlers go by. */
interface ApiLimits {
  readonly bodyBytes: number
  readonly paramsBytes: number
  readonly schemaBytes: number
  readonly resultBytes: number
}

export interface ApiServices {
  readonly db: Database
  readonly lifecycle: Lifecycle
  readonly limits: ApiLimits
  readonly plans: PlanCache
  readonly tasks: KnownTasks
  readonly vault: Vault
  readonly sessions: SessionLifetime
  /** How long a shard of a broadcast waits for an executor that has gone. */
  readonly shardGoneMs: number
  readonly signIn: SignIn
  readonly overviews: Overviews
  readonly platformOverviews: PlatformOverviews
  readonly scheduleLoads: ScheduleLoads
  readonly scheduleDays: ScheduleDayMaps
  readonly nodeId: string
  readonly days: Pick<HistoryDays, 'withFireDays'>
  /** Where readers of logs are woken. */
  readonly hub: Pick<WakeHub, 'wait' | 'wake'>
  /** What keeps this node from serving; null when it can. */
  readiness(): Promise<string | null>
  /** Tokens, roles or tenants changed: what was looked up of them is forgotten. */
  forgetPrincipals(): void
}

/** What a handler knows of its request and may do for it. */
export interface Context {
  readonly principal: Principal
  readonly tenantId: number
  readonly requestId: string
  readonly address: string
  readonly services: ApiServices
  readonly idempotency: IdempotencyKey | null
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  header(name: string): string | undefined
  /** Whether the request came over TLS. */
  readonly secure: boolean
  /** A header of the answer. */
  answerWith(name: string, value: string): void
  /** Refuses what a page of somebody else has sent. */
  assertOwnOrigin(): void
  require(permission: Permission): void
  /** Looks something up in the tenant. People who signed in have connections of their own for that. */
  read<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Looks something up across tenants. */
  survey<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** The change, its audit row and its idempotency key in one transaction of the tenant. */
  change<T>(work: (edit: Edit) => Promise<Change<T>>): Promise<T>
  /** As `change`, across tenants: for what belongs to the platform. */
  changePlatform<T>(work: (edit: Edit) => Promise<Change<T>>): Promise<T>
  /** An audit entry of this request, for those who write it with their own change. */
  audited(object: Change<unknown>['object'], before: unknown, after: unknown): AuditEntry
  /** Writes such an entry alone: for a request that was answered, but changed nothing. */
  recordOnly(entry: AuditEntry): Promise<void>
}

export type Handler<R extends Route> = (call: Call<R>, context: Context) => Promise<Answer<R>>
export type Handlers<Group extends Record<string, Route>> = { readonly [Name in keyof Group]: Handler<Group[Name]> }

export interface RequestFacts {
  readonly route: Route
  readonly principal: Principal
  readonly requestId: string
  readonly address: string
  readonly idempotency: IdempotencyKey | null
  readonly signal: AbortSignal
  header(name: string): string | undefined
  readonly secure: boolean
  answerWith(name: string, value: string): void
  assertOwnOrigin(): void
}

/** The context of a request, and whether it has left its audit entry. */
export function createContext(services: ApiServices, facts: RequestFacts): Context & { wasAudited(): boolean } {
  const { principal, requestId, address, idempotency } = facts
  const tenantId = principal.tenantId
  let entries = 0
  const audited: Context['audited'] = (object, before, after) => {
    if (facts.route.audit === undefined)
      throw new Error(`${facts.route.path} changes something, but declares no audit operation.`)
    entries++
    const images = { before: maskSecrets(before), after: maskSecrets(after) }
    return {
      // What administrators of the platform do to one tenant is not for the trail of another, whose name the request may carry.
      tenantId: facts.route.access === 'platform' ? PLATFORM_TENANT : tenantId,
      principal: principal.name,
      address,
      requestId,
      operation: facts.route.audit,
      ...kindAndId(object),
      ...images,
    }
  }
  const changeIn = <T>(tx: Transaction, work: (edit: Edit) => Promise<Change<T>>): Promise<T> =>
    once(tx, tenantId, idempotency, async () => {
      const change = await work({ tx, tenantId, principal: principal.name, role: principal.role, limits: services.limits })
      await insertAudit(tx, audited(change.object, change.before, change.after))
      return change.answer
    }).finally(() => void entries++)
  return {
    principal,
    tenantId,
    requestId,
    address,
    services,
    idempotency,
    signal: facts.signal,
    header: facts.header,
    secure: facts.secure,
    answerWith: facts.answerWith,
    assertOwnOrigin: facts.assertOwnOrigin,
    require: (permission) => requirePermission(principal, permission),
    read: (work) => (principal.session === null ? services.db.read(tenantId, work) : services.db.console(tenantId, work)),
    survey: (work) => services.db.survey(work),
    change: (work) => services.db.tenant(tenantId, (tx) => changeIn(tx, work)),
    changePlatform: (work) => services.db.engine((tx) => changeIn(tx, work)),
    audited,
    recordOnly: (entry) => services.db.tenant(tenantId, (tx) => insertAudit(tx, entry)),
    wasAudited: () => entries > 0,
  }
}

function kindAndId(object: Change<unknown>['object']): { objectKind: string; objectId: string | null } {
  return { objectKind: object.kind, objectId: object.id === null ? null : String(object.id) }
}
