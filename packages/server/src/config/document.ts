import { namedSettings, type NamedSetting } from '../config.ts'

/** The table of all settings in Markdown, for docs/guides/configuration.md. */
export function settingsTable(): string {
  const head = ['| Key | Variable | Value | Default | What it does |', '| --- | --- | --- | --- | --- |']
  return [...head, ...namedSettings.map(row)].join('\n')
}

function row({ key, env, setting }: NamedSetting): string {
  const fallback = setting.default === undefined ? '' : `\`${setting.show(setting.default)}\``
  return `| \`${key}\` | \`${env}\` | ${setting.form} | ${fallback} | ${setting.description} |`
}
