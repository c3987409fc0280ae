import type { LiveTopic } from '@carillon/contract'
import type { CarillonError, Permission } from '@carillon/core'
import type { Principal } from '../http/auth.ts'
import { carillonErrorOf } from '../http/problems.ts'
import { groupBy } from '../lifecycle/group.ts'

/** Who a client is, and what it needs for what it wants to see. */
export interface Access {
  /** Throws a CarillonError if it is nobody (any more). */
  identify(): Promise<Principal>
  /** Who it is in a tenant, if it has the permission there; throws a CarillonError otherwise. */
  authenticate(tenant: string, access: Permission): Promise<Principal>
  accessOf(topic: LiveTopic): Permission
}

/** Whether it is known who a client is. NOBODY: its sign-in has ended. UNSURE: it could not be asked. */
export type Standing = 'KNOWN' | 'NOBODY' | 'UNSURE'

/** Asks once more who a client is, and ends what it may see no longer. */
export async function checkAccess<T extends { readonly topic: LiveTopic }>(
  access: Access,
  open: readonly T[],
  end: (each: T, refusal: CarillonError) => void,
): Promise<Standing> {
  const check = async (who: () => Promise<Principal>, mine: readonly T[]): Promise<Standing> => {
    const refusal = await refusalOf(who)
    if (refusal === 'UNSURE') return refusal
    if (refusal !== null) for (const each of mine) end(each, refusal)
    return refusal?.code === 'UNAUTHENTICATED' ? 'NOBODY' : 'KNOWN'
  }
  const groups = groupBy(open, ({ topic }) => `${topic.tenant} ${access.accessOf(topic)}`)
  const standings = await Promise.all([
    check(() => access.identify(), open),
    ...[...groups.values()].map((mine) => {
      const { topic } = mine[0]!
      return check(() => access.authenticate(topic.tenant, access.accessOf(topic)), mine)
    }),
  ])
  return (['NOBODY', 'UNSURE'] as const).find((standing) => standings.includes(standing)) ?? 'KNOWN'
}

/** What is answered to a client; null: it is who it was. */
async function refusalOf(who: () => Promise<Principal>): Promise<CarillonError | 'UNSURE' | null> {
  try {
    await who()
    return null
  } catch (error) {
    const refusal = carillonErrorOf(error)
    return refusal === null || refusal.code === 'UNAVAILABLE' ? 'UNSURE' : refusal
  }
}
