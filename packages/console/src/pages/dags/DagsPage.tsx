import { PageHeader } from '../../components/PageHeader.tsx'
import { shellTexts } from '../../app/text.ts'
import { useTexts } from '../../i18n/texts.ts'

export function DagsPage() {
  const t = useTexts(shellTexts)
  return <PageHeader title={t('dags')} />
}
