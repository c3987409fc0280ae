import { parentPort } from 'node:worker_threads'
import { InstanceContext, type HandlerOutlet } from '../context.ts'
import type { Handler } from '../define-handler.ts'
import { failure, failureOf, type Outcome } from '../outcome.ts'
import { runInstance } from '../run-instance.ts'
import { markIsolated, type FromIsolated, type ToIsolated } from './messages.ts'

/*
 * What runs in the thread, or the process, of an isolated handler: one attempt, from one RUN to one END. Whoever started it ends it.
 */

markIsolated()

const port = parentPort
const say = (message: FromIsolated): void => {
  if (port) port.postMessage(message)
  else process.send?.(message)
}
const outlet: HandlerOutlet = {
  log: (level, text, source) => say({ kind: 'LOG', level, text, source }),
  progress: (percent, message) => say({ kind: 'PROGRESS', percent, message }),
}

let context: InstanceContext | undefined
const hear = (message: ToIsolated): void => {
  if (message.kind === 'STOP') return context?.stop(message.reason)
  context = new InstanceContext(message.assignment, outlet, Date.now())
  void run(message, context).then((outcome) => say({ kind: 'END', outcome }))
}
if (port) port.on('message', hear)
else {
  process.on('message', hear)
  // Nobody is left to hear what it says.
  process.on('disconnect', () => process.exit())
}

/** Never rejects. How large the output may be is the executor's to say. */
async function run({ module, name }: ToIsolated & { kind: 'RUN' }, given: InstanceContext): Promise<Outcome> {
  try {
    const exported = Object.values((await import(module)) as Record<string, unknown>).flat()
    const handler = exported.find((each): each is Handler => isHandler(each) && each.name === name)
    if (handler) return await runInstance(handler, given, Infinity)
    return failure(
      'HANDLER_MODULE',
      `${module} exports no handler "${name}": an isolated handler is exported by its module`,
      false,
    )
  } catch (error) {
    return failureOf(error)
  }
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'object' && value !== null && 'run' in value && 'check' in value && 'name' in value
}
