import { zoneName } from '../components/moments.ts'
import { useTexts } from '../i18n/texts.ts'
import { setPreferences, usePreferences } from './preferences.ts'
import { shellTexts } from './text.ts'

/** In which zone times are shown: the header and My account offer the same. */
export function useZoneChoices() {
  const t = useTexts(shellTexts)
  const { zone } = usePreferences()
  return {
    label: t('zone'),
    zone,
    choices: [
      { value: 'local' as const, label: t('localZone', { zone: zoneName('local') }) },
      { value: 'UTC' as const, label: 'UTC' },
    ],
    choose: (next: typeof zone) => setPreferences({ zone: next }),
  }
}
