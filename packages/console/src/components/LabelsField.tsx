import { Textarea } from '@mantine/core'
import { defineTexts, useTexts } from '../i18n/texts.ts'
import { labelsOf } from './labels.ts'
import type { BoundText } from './use-draft.ts'

const texts = defineTexts('labels', {
  en: { labels: 'Labels', hint: 'One key=value a line', problem: 'Write each label as key=value' },
  zh: { labels: '标签', hint: '每行一个 键=值', problem: '每个标签请写为 键=值' },
})

/** Labels as they are typed; what is no label is said at once. */
export function LabelsField(bound: BoundText) {
  const t = useTexts(texts)
  const wrong = labelsOf(bound.value) === null
  return <Textarea label={t('labels')} description={t('hint')} autosize {...bound} {...(wrong ? { error: t('problem') } : {})} />
}
