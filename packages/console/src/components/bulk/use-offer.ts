import { useEffect, useState } from 'react'
import type { Page } from '../../app/live-list.ts'
import type { BulkAction } from './BulkActions.tsx'
import { MOST_ITEMS, collect, inBatches, planOf, planOfPreview, type BulkPlan, type Parts } from './plan.ts'

export interface OfferOptions<T> {
  readonly action: BulkAction<T>
  /** null: everything that matches. */
  readonly rows: readonly T[] | null
  readonly page: (cursor: string | undefined) => Promise<Page<T>>
  readonly idOf: (row: T) => number
  readonly nameOf: (row: T) => string
}

/** What would be done, and how. */
export interface Offer {
  readonly plan: BulkPlan
  readonly parts: (answer: string) => Parts
  readonly nameOf: (id: number) => string
}

interface Looking {
  readonly offer: Offer | null
  /** Found so far. */
  readonly count: number
  readonly error: unknown
}

/** What an action is about, fixed when the dialog opens. */
export function useOffer<T>(options: OfferOptions<T>): Looking {
  const [looking, setLooking] = useState<Looking>({ offer: null, count: 0, error: null })
  useEffect(() => {
    let wanted = true
    const tell = (count: number) => {
      if (wanted) setLooking((before) => ({ ...before, count }))
      return wanted
    }
    offerOf(options, tell)
      .then((offer) => wanted && setLooking((before) => ({ ...before, offer })))
      .catch((error: unknown) => wanted && setLooking((before) => ({ ...before, error })))
    return () => {
      wanted = false
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a snapshot of what matched as it opened.
  }, [])
  return looking
}

async function offerOf<T>(options: OfferOptions<T>, tell: (count: number) => boolean): Promise<Offer> {
  const { action, rows, page, idOf, nameOf } = options
  if (rows === null && action.matching !== undefined) return offerOfServer(action.matching, options)
  const { items, more } = rows === null ? await collect(page, MOST_ITEMS, tell) : { items: rows, more: false }
  // A row that moved while they were collected may have come twice.
  const byId = new Map(items.map((row) => [idOf(row), row]))
  const { ids, ...plan } = planOf(
    [...byId].map(([id, row]) => ({ id, name: nameOf(row), leftOut: action.leftOut(row) })),
    more,
  )
  return { plan, parts: (answer) => inBatches(ids, (some) => action.act(some, answer)), nameOf: namesOf(options, items) }
}

async function offerOfServer<T>(matching: NonNullable<BulkAction<T>['matching']>, options: OfferOptions<T>): Promise<Offer> {
  const preview = await matching.preview()
  const { upTo, sample } = preview
  return {
    plan: planOfPreview(preview, matching.why, options.nameOf),
    parts: (answer) => async (cursor) => (upTo === null ? { answers: [], next: null } : matching.act(upTo, cursor, answer)),
    nameOf: namesOf(options, sample),
  }
}

function namesOf<T>({ idOf, nameOf }: OfferOptions<T>, rows: readonly T[]): Offer['nameOf'] {
  const names = new Map(rows.map((row) => [idOf(row), nameOf(row)]))
  return (id) => names.get(id) ?? `#${id}`
}
