import i18next from 'i18next'
import { useCallback, useSyncExternalStore } from 'react'

export const LANGUAGES = { en: 'English', zh: '简体中文' } as const
export type Language = keyof typeof LANGUAGES

/** Chinese has one plural form: of `n_one` and `n_other` it needs the second only. */
type Translation<En> = { readonly [K in keyof En as K extends `${string}_one` ? never : K]: string }
type Key<En> = keyof En extends infer K ? (K extends `${infer Stem}_${'one' | 'other'}` ? Stem : K) & string : never

/** The texts of one page or component, in every language. A key that a language lacks does not compile. */
export interface Texts<K extends string> {
  readonly namespace: string
  /** Never there: it carries the keys' type. */
  readonly keys?: K
}

export type Translate<K extends string> = (key: K, values?: Readonly<Record<string, unknown>>) => string

/**
 * @example
 * export const text = defineTexts('runs', { en: { title: 'Runs', n_one: '{{count}} run', n_other: '{{count}} runs' }, zh: { … } })
 * const t = useTexts(text)
 * t('n', { count: 3 })
 */
export function defineTexts<const En extends Readonly<Record<string, string>>>(
  namespace: string,
  texts: { readonly en: En; readonly zh: Translation<En> },
): Texts<Key<En>> {
  for (const language of Object.keys(LANGUAGES) as Language[]) {
    i18next.addResourceBundle(language, namespace, texts[language])
  }
  return { namespace }
}

/** The translator for the language in force; the component follows when it changes. */
export function useTexts<K extends string>(texts: Texts<K>): Translate<K> {
  const language = useLanguage()
  return useCallback((key, values) => i18next.t(key, { ...values, ns: texts.namespace, lng: language }), [texts, language])
}

export function useLanguage(): Language {
  return useSyncExternalStore(onLanguageChange, () => i18next.language as Language)
}

function onLanguageChange(listener: () => void): () => void {
  i18next.on('languageChanged', listener)
  return () => i18next.off('languageChanged', listener)
}

const KEY = 'carillon.language'

/** What was chosen here before, or else what the browser asks for. */
function firstLanguage(): Language {
  const kept = localStorage.getItem(KEY)
  if (kept !== null && Object.hasOwn(LANGUAGES, kept)) return kept as Language
  return navigator.languages.some((language) => language.toLowerCase().startsWith('zh')) &&
    !navigator.language.toLowerCase().startsWith('en')
    ? 'zh'
    : 'en'
}

export function setLanguage(language: Language): void {
  localStorage.setItem(KEY, language)
  void i18next.changeLanguage(language)
}

function sayLanguage(language: string): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : language
}

// Before any `defineTexts`: they are called as modules load, and this module is loaded by all of them.
void i18next.init({
  lng: firstLanguage(),
  fallbackLng: false,
  initAsync: false,
  resources: {},
  // React escapes.
  interpolation: { escapeValue: false },
})
sayLanguage(i18next.language)
i18next.on('languageChanged', sayLanguage)
