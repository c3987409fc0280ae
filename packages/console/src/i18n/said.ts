import i18next from 'i18next'
import { useEffect, useState } from 'react'
import { useLanguage, type Language } from './texts.ts'

/**
 * The server answers in English, as its programs, logs and audit trail are. What it composes for people (why something is refused, what a run
 * waits for) is said here in the language of the reader; a text that the language's book does not know stands as it came. Texts that are
 * stored, and those of people and handlers, are facts: they are not passed through this.
 */
export type Say = (english: string) => string

const asItCame: Say = (english) => english
const said = new Map<Language, Say>([['en', asItCame]])

/** The language in force, with its book, which is fetched when something has to be said for the first time. */
export async function saying(): Promise<Say> {
  const language = i18next.language as Language
  return said.get(language) ?? fetchBook(language)
}

async function fetchBook(language: Language): Promise<Say> {
  try {
    const { lookup } = await import('./said/zh.ts')
    const say: Say = (english) => lookup(english) ?? english
    said.set(language, say)
    return say
  } catch {
    // The server is gone, and with it the file: English is better than nothing.
    return asItCame
  }
}

/** The same for what a component shows: English until the book is there. */
export function useSaid(): Say {
  const language = useLanguage()
  const [, arrived] = useState<Say>()
  const known = said.get(language)
  useEffect(() => {
    if (known === undefined) void fetchBook(language).then((say) => arrived(() => say))
  }, [known, language])
  return known ?? asItCame
}
