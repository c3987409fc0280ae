import { Box } from '@mantine/core'
import { AccountMenu } from './AccountMenu.tsx'
import { LanguageMenu, ThemeMenu, ZoneMenu } from './Menus.tsx'

/**
 * What a header ends with. Menus are large, and a page is read before one is opened, so they are loaded after it. On a phone there is no place for
 * the zone; My account offers it too.
 */
export function HeaderMenus() {
  return (
    <>
      <Box visibleFrom="xs">
        <ZoneMenu />
      </Box>
      <LanguageMenu />
      <ThemeMenu />
      <AccountMenu />
    </>
  )
}
