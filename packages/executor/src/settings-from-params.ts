import type { HandlerContext } from './context.ts'
import type { Handler } from './define-handler.ts'

/**
 * The handler, which also does types whose settings are `{ "fromParams": true }`: the parameters of the task are the settings then, and
 * `params` among them what the work itself is given.
 *
 * @example createExecutor({ server, token, app: 'presets', handlers: [settingsFromParams(sqlHandler)] })
 */
export function settingsFromParams(handler: Handler): Handler {
  return { ...handler, run: (context) => handler.run(asksParams(context) ? withSettings(context) : context) }
}

function asksParams({ settings }: HandlerContext): boolean {
  return typeof settings === 'object' && settings !== null && 'fromParams' in settings && settings.fromParams === true
}

/** A context makes its log and signal when first asked for, so it is asked, never copied. */
function withSettings(context: HandlerContext): HandlerContext {
  const { params = {}, ...settings } = context.params as Readonly<Record<string, unknown>>
  return new Proxy(context, {
    get: (target, name): unknown => (name === 'settings' ? settings : name === 'params' ? params : Reflect.get(target, name)),
  })
}
