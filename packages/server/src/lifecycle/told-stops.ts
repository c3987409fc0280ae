import type { Control } from '@carillon/contract'
import { createBoundedMap } from '../runtime/bounded-map.ts'
import { SESSIONS_REMEMBERED } from './session-owners.ts'

/**
 * Which stops an executor has been told of already. They stay in every answer until they are obeyed, but only a new one ends a wait;
 * otherwise a handler that takes its time to stop would turn long polling into a race.
 */
export interface ToldStops {
  has(session: number, instance: number, token: number): boolean
  add(session: number, control: Control): void
}

export function createToldStops(): ToldStops {
  const bySession = createBoundedMap<number, ReadonlySet<string>>(SESSIONS_REMEMBERED)
  return {
    has: (session, instance, token) => bySession.get(session)?.has(`${instance}:${token}`) ?? false,
    add(session, { stop: stops }) {
      if (stops.length === 0) bySession.delete(session)
      else bySession.set(session, new Set(stops.map((stop) => `${stop.instance}:${stop.token}`)))
    },
  }
}
