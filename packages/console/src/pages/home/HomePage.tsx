import { Navigate } from '@tanstack/react-router'
import { preferences } from '../../app/preferences.ts'
import { SessionGate } from '../../app/SessionGate.tsx'
import { useSession } from '../../app/session.tsx'
import { Frame } from '../../app/Shell.tsx'
import { shellTexts } from '../../app/text.ts'
import { EmptyState } from '../../components/EmptyState.tsx'
import { useTexts } from '../../i18n/texts.ts'

/** `/`: to the tenant that was looked at last. */
export function HomePage() {
  return (
    <SessionGate>
      <ToTenant />
    </SessionGate>
  )
}

function ToTenant() {
  const t = useTexts(shellTexts)
  const { memberships, user } = useSession()
  const { lastTenant } = preferences()
  const tenant = memberships.find((membership) => membership.tenant.code === lastTenant)?.tenant ?? memberships[0]?.tenant
  if (tenant) return <Navigate to="/t/$tenant" params={{ tenant: tenant.code }} replace />
  if (user.platformAdmin) return <Navigate to="/platform/tenants" replace />
  return (
    <Frame tenant={null}>
      <EmptyState level={1} title={t('noTenant')}>
        {t('noTenantHint')}
      </EmptyState>
    </Frame>
  )
}
