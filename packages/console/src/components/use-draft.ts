import { useState } from 'react'

/** What the server says of a field of the body. */
export type Problem = (pointer: string) => string | undefined

type TextKey<D> = { [K in keyof D]: D[K] extends string ? K : never }[keyof D] & string

interface Bound<T, Change> {
  readonly value: T
  readonly error: string | undefined
  readonly onChange: (change: Change) => void
}

/** What a field is given that hands on an event. */
export type BoundText = Bound<string, { readonly currentTarget: { readonly value: string } }>

/** Binds fields to a draft by their names, which are those in the body as well. */
export interface DraftFields<D> {
  /** `<TextInput {...text('name')} />` */
  text(key: TextKey<D>): BoundText
  /** `<Select {...value('type')} />`: of a field that says its value instead of an event. */
  value<K extends keyof D & string>(key: K): Bound<D[K], D[K]>
}

export interface DraftForm<D> {
  readonly draft: D
  readonly set: (changes: Partial<D>) => void
  readonly replace: (draft: D) => void
  readonly fields: (problem: Problem) => DraftFields<D>
}

/** What has been typed into a form so far. */
export function useDraft<D extends object>(initial: () => D): DraftForm<D> {
  const [draft, replace] = useState(initial)
  const set = (changes: Partial<D>) => replace((before) => ({ ...before, ...changes }))
  const change = (key: string, value: unknown) => set({ [key]: value } as Partial<D>)
  return {
    draft,
    set,
    replace,
    fields: (problem) => ({
      text: (key) => ({
        value: draft[key] as string,
        error: problem(`/${key}`),
        onChange: ({ currentTarget }) => change(key, currentTarget.value),
      }),
      value: (key) => ({ value: draft[key], error: problem(`/${key}`), onChange: (value) => change(key, value) }),
    }),
  }
}
