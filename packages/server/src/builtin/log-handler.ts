import type { LogLevel } from '@carillon/contract'
import { defineHandler } from '@carillon/executor'

/** The settings of the kind `log`. */
interface LogSettings {
  readonly message: string
  /** Default INFO. */
  readonly level?: LogLevel
}

/** The kind `log`: writes a line to the instance's log and returns the parameters. */
export const logHandler = defineHandler({
  name: 'log',
  run: ({ settings, params, log }) => {
    const { message, level = 'INFO' } = settings as LogSettings
    log.write(level, message)
    return params
  },
})
