import { choice, optional, strict } from '@carillon/contract'
import Type from 'typebox'
import type { Kind } from './kind.ts'
import { programSettings, Value } from './program.ts'

const limit = (maximum: number, description: string) => Type.Integer({ minimum: 1, maximum, description })

/** A shell, Python or Node script, run by an executor that allows it. */
export const script: Kind = {
  name: 'script',
  settings: strict({
    language: choice(['shell', 'python', 'node']),
    code: Type.String({ minLength: 1, maxLength: 65_536 }),
    ...optional({
      args: Type.Array(Value, { maxItems: 100 }),
      ...programSettings,
      limits: strict(
        optional({
          cpuSeconds: limit(86_400, 'Seconds of processor time'),
          memoryMb: limit(1_048_576, 'Memory of each of its processes'),
          fileMb: limit(1_048_576, 'The largest file that it may write'),
          processes: limit(100_000, 'Processes of the user that runs it'),
          nice: Type.Integer({ minimum: 0, maximum: 19, description: 'How far it stands back behind others' }),
        }),
      ),
    }),
  }),
  app: 'own',
  fromParams: true,
  handlerOf: () => 'script',
}
