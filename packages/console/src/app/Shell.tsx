import { ActionIcon, AppShell, Box, Burger, Group, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { getRouteApi, Outlet, useLocation } from '@tanstack/react-router'
import { Search } from 'lucide-react'
import { useEffect, type ReactNode } from 'react'
import { EmptyState } from '../components/EmptyState.tsx'
import { useTexts } from '../i18n/texts.ts'
import { LivePill, LostServer } from './Connection.tsx'
import { LostDialog, lazyPart } from './lazy-part.tsx'
import { Navigation } from './Navigation.tsx'
import { preferences, setPreferences } from './preferences.ts'
import { SessionGate } from './SessionGate.tsx'
import { useCommandK, useShortcuts } from './shortcuts.ts'
import { TenantProvider, permissionsIn, useSession } from './session.tsx'
import { shellTexts } from './text.ts'

const TenantMenu = lazyPart(async () => (await import('./TenantMenu.tsx')).TenantMenu)
const HeaderMenus = lazyPart(async () => (await import('./HeaderMenus.tsx')).HeaderMenus, {
  // As wide as they are, so that nothing moves when they come.
  whileLoading: <Box w={{ base: 104, xs: 140 }} />,
})
const ShortcutHelp = lazyPart(async () => (await import('./ShortcutHelp.tsx')).ShortcutHelp, { Lost: LostDialog })
const Palette = lazyPart(async () => (await import('./palette/Palette.tsx')).Palette, { Lost: LostDialog })

const tenantApi = getRouteApi('/t/$tenant')

/** Every page of a tenant stands in this. */
export function TenantShell() {
  const { tenant } = tenantApi.useParams()
  return (
    <SessionGate>
      <InTenant code={tenant} />
    </SessionGate>
  )
}

function InTenant({ code }: { code: string }) {
  const session = useSession()
  const t = useTexts(shellTexts)
  const known = permissionsIn(session, code).length > 0
  useEffect(() => {
    if (known && preferences().lastTenant !== code) setPreferences({ lastTenant: code })
  }, [known, code])
  return (
    <TenantProvider code={code}>
      <Frame tenant={code}>
        {known ? (
          // Another tenant is another world: nothing of the page is kept.
          <Outlet key={code} />
        ) : (
          <EmptyState level={1} title={t('notMember', { code })}>
            {t('notMemberHint')}
          </EmptyState>
        )}
      </Frame>
    </TenantProvider>
  )
}

export function PlatformShell() {
  return (
    <SessionGate>
      <OnPlatform />
    </SessionGate>
  )
}

function OnPlatform() {
  const { user } = useSession()
  const t = useTexts(shellTexts)
  return (
    <Frame tenant={null}>
      {user.platformAdmin ? (
        <Outlet />
      ) : (
        <EmptyState level={1} title={t('platformOnly')}>
          {t('platformOnlyHint')}
        </EmptyState>
      )}
    </Frame>
  )
}

/** Header and navigation around a page; `tenant` null: none is in the address. */
export function Frame({ tenant, children }: { tenant: string | null; children: ReactNode }) {
  const t = useTexts(shellTexts)
  const [opened, { toggle, close }] = useDisclosure()
  const [helping, help] = useDisclosure()
  const [going, palette] = useDisclosure()
  useShortcuts(tenant, help.open)
  useCommandK(palette.open)
  const { pathname } = useLocation()
  useEffect(close, [pathname, close])
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
      transitionDuration={0}
    >
      <a className="skip-link" href="#content">
        {t('skip')}
      </a>
      <AppShell.Header style={{ borderColor: 'var(--hairline)' }}>
        <Group h="100%" px="sm" gap={4} wrap="nowrap" justify="space-between">
          <Group gap="xs" wrap="nowrap" style={{ minWidth: 0 }}>
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={opened ? t('closeNavigation') : t('openNavigation')}
              aria-expanded={opened}
            />
            <Text fw={600} visibleFrom="sm" w={196}>
              编钟 Carillon
            </Text>
            <TenantMenu current={tenant} />
          </Group>
          <Group gap={4} wrap="nowrap">
            <ActionIcon variant="subtle" color="gray" size={32} aria-label={t('goTo')} title={t('goTo')} onClick={palette.open}>
              <Search size={16} aria-hidden />
            </ActionIcon>
            <LivePill />
            <HeaderMenus />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" style={{ borderColor: 'var(--hairline)', overflowY: 'auto' }} aria-label={t('navigation')}>
        <Navigation tenant={tenant} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: 'none' }}>
        <LostServer />
        {children}
        {helping && <ShortcutHelp onClose={help.close} />}
        {going && <Palette tenant={tenant} onClose={palette.close} />}
      </AppShell.Main>
    </AppShell>
  )
}
