import { SessionGate } from '../../app/SessionGate.tsx'
import { preferences } from '../../app/preferences.ts'
import { Frame } from '../../app/Shell.tsx'
import { shellTexts } from '../../app/text.ts'
import { PageHeader } from '../../components/PageHeader.tsx'
import { useTexts } from '../../i18n/texts.ts'

export function MePage() {
  const t = useTexts(shellTexts)
  return (
    <SessionGate>
      <Frame tenant={preferences().lastTenant}>
        <PageHeader title={t('me')} />
      </Frame>
    </SessionGate>
  )
}
