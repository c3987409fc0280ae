import { createExecutor, drainOnSignals } from '@carillon/executor'
import { readSettings } from './settings.ts'
import { APP, setUp } from './set-up.ts'
import { openWeatherStore } from './weather/store.ts'
import { weatherReport } from './weather/weather-report.ts'
import { weatherYear } from './weather-year/handlers.ts'

// The example executor: a process like any service that executes tasks. `carillon dev` starts it; by hand: npm run -w examples start.

try {
  const settings = readSettings()
  const token = await setUp(settings)
  const store = await openWeatherStore(settings.databaseUrl)
  const workplace = { store, exports: settings.exports }
  const handlers = [weatherReport(workplace), ...weatherYear(workplace)]
  const executor = createExecutor({
    server: settings.server,
    token,
    app: APP,
    instance: 'examples',
    capacity: 4,
    handlers,
  })
  await executor.start()
  drainOnSignals(executor)
  console.log(`serves the handlers ${handlers.map(({ name }) => name).join(', ')}; exports go to ${settings.exports}`)
  // Started by another process, it leaves with that, even when that was killed.
  process.once('disconnect', () => void executor.drain())
  process.channel?.unref()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
