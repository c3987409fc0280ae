import { choice, optional, strict } from '@carillon/contract'
import Type from 'typebox'
import type { Kind } from './kind.ts'

/** The handler name under which all executors of xxl-job are given their work: they name no handlers of their own. */
export const XXL_JOB = 'xxl-job'

const GLUES = [
  'BEAN',
  'GLUE_GROOVY',
  'GLUE_SHELL',
  'GLUE_PYTHON',
  'GLUE_PYTHON2',
  'GLUE_NODEJS',
  'GLUE_POWERSHELL',
  'GLUE_PHP',
] as const

/** A handler or script of an executor that speaks the protocol of xxl-job. */
export const xxlJob: Kind = {
  name: XXL_JOB,
  settings: strict(
    optional({
      handler: Type.String({ minLength: 1, maxLength: 255, description: 'Name of its handler (BEAN)' }),
      glue: choice(GLUES, 'Left out: BEAN'),
      source: Type.String({ minLength: 1, maxLength: 262_144, description: 'Of the other glue types: the script' }),
      blockStrategy: choice(
        ['SERIAL_EXECUTION', 'DISCARD_LATER', 'COVER_EARLY'],
        'What the executor does with a run while it has another one of the task; the concurrency policy decides before that. Left out: SERIAL_EXECUTION',
      ),
    }),
  ),
  app: 'own',
  fromParams: true,
  problems: ({ handler, glue = 'BEAN', source }) => {
    const needed = glue === 'BEAN' ? 'handler' : 'source'
    const given = glue === 'BEAN' ? handler : source
    return given === undefined ? [{ path: `/${needed}`, message: `is required for the glue type ${String(glue)}` }] : []
  },
  handlerOf: () => XXL_JOB,
}
