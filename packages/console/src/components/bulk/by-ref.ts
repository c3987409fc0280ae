import type { ItemAnswer } from './plan.ts'

interface Answer {
  readonly items: readonly { readonly ref: string; readonly ok: boolean; readonly code?: string; readonly detail?: string }[]
}

/** What the API answers where objects are named by their identifiers. */
export function answersByRef({ items }: Answer): readonly ItemAnswer[] {
  return items.map(({ ref, ok, code, detail }) => ({ id: Number(ref), ok, detail: detail ?? code }))
}
