import type { callbackRoutes } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { takeCallback, type CallbackAnswer } from '../lifecycle/callbacks.ts'
import type { Engine } from '../lifecycle/engine.ts'
import { createRefusalBrake } from '../runtime/refusal-brake.ts'
import type { Handlers } from './context.ts'

/** Callbacks over HTTP. Anyone may call, so whoever keeps being refused is not listened to for a while. */
export function callbackHandlers(engine: Engine): Handlers<typeof callbackRoutes> {
  const brake = createRefusalBrake({ atOnce: 30, perSecond: 1, addresses: 10_000, now: () => performance.now() })
  return {
    complete: async ({ params, body }, { address }) => {
      if (brake.holdsBack(address))
        throw new CarillonError('RATE_LIMITED', 'Too many calls from this address were refused. Wait before the next one.')
      const answer = await takeCallback(engine, params.callback, body)
      if (answer === 'TAKEN') return { state: body.state }
      brake.refused(address)
      throw refusalOf(answer)
    },
  }
}

function refusalOf(answer: Exclude<CallbackAnswer, 'TAKEN'>): CarillonError {
  switch (answer) {
    case 'UNKNOWN':
      return new CarillonError('NOT_FOUND', 'There is no such callback.')
    case 'USED':
      return new CarillonError(
        'STATE_CONFLICT',
        'This callback has been called already. The first call counts; nothing was changed.',
        {
          extra: { reason: 'USED' },
        },
      )
    case 'OVER':
      return new CarillonError(
        'STATE_CONFLICT',
        'The attempt that waited for this callback has ended, or is being stopped. Nothing was changed.',
        { extra: { reason: 'ENDED' } },
      )
  }
}
