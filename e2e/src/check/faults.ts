import type { Demands } from '../record/demands.ts'
import type { History } from '../record/history.ts'
import { verdict, type Verdict } from './verdict.ts'

/** The faults were there: what the scenario was to do stands in the nemesis log, as often as it should. */
export function checkFaults({ nemesis }: History, { events }: Demands): Verdict {
  const counted = Object.fromEntries(
    Object.keys(events).map((name) => [name, nemesis.filter(({ event }) => event === name).length]),
  )
  return verdict('Faults', [], counted, events)
}
