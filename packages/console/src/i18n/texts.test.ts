import i18next from 'i18next'
import { expect, test } from 'vitest'
import '../components/operations.ts'
import '../components/policies.ts'
import '../components/roles.ts'
import '../components/states.ts'

const modules = import.meta.glob('../**/text.ts', { eager: true })

type Bundle = Readonly<Record<string, Readonly<Record<string, string>>>>
const bundle = (language: string) => i18next.getDataByLanguage(language) as unknown as Bundle

const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!).toSorted()

test('a translation fills in what the English text fills in', () => {
  expect(Object.keys(modules).length).toBeGreaterThan(12)
  const differing = Object.entries(bundle('zh')).flatMap(([namespace, texts]) =>
    Object.entries(texts)
      .filter(([key, text]) => JSON.stringify(holes(text)) !== JSON.stringify(holes(bundle('en')[namespace]![key]!)))
      .map(([key]) => `${namespace}.${key}`),
  )
  expect(differing).toEqual([])
})

test('no text is empty in any language', () => {
  const empty = ['en', 'zh'].flatMap((language) =>
    Object.entries(bundle(language)).flatMap(([namespace, texts]) =>
      Object.entries(texts)
        .filter(([, text]) => text.trim() === '')
        .map(([key]) => `${language} ${namespace}.${key}`),
    ),
  )
  expect(empty).toEqual([])
})

test('English tells one from several, Chinese does not', () => {
  const t = (count: number, lng: string) => i18next.t('n', { count, ns: 'counted', lng })
  i18next.addResourceBundle('en', 'counted', { n_one: '{{count}} run', n_other: '{{count}} runs' })
  i18next.addResourceBundle('zh', 'counted', { n_other: '{{count}} 个运行' })
  expect([t(1, 'en'), t(2, 'en'), t(1, 'zh')]).toEqual(['1 run', '2 runs', '1 个运行'])
})
