import { choice, dictionary, optional, strict } from '@carillon/contract'
import { secretNameIn, secretNamesIn, type FieldProblem } from '@carillon/core'
import Type from 'typebox'
import type { Kind } from './kind.ts'
import { programSettings, Value } from './program.ts'

const Words = Type.Array(Value, { maxItems: 200 })
/** Of Kubernetes, which names and labels are held to. */
const DnsLabel = { pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$', maxLength: 63 } as const

/** These stand where others read them: in lists of processes, in the Job, in what the engine tells of the container. */
const OPEN = ['image', 'command', 'args', 'workdir', 'kubernetes'] as const

function openProblems(settings: Readonly<Record<string, unknown>>): FieldProblem[] {
  return OPEN.filter((name) => secretNamesIn(settings[name]).length > 0).map((name) => ({
    path: `/${name}`,
    message: 'must not refer to a secret, which others could read there; pass it in env',
  }))
}

function registryProblems({ registry }: Readonly<Record<string, unknown>>): FieldProblem[] {
  if (registry === undefined || secretNameIn((registry as { password: string }).password) !== null) return []
  return [{ path: '/registry/password', message: 'must refer to a secret: ${{ secrets.name }}' }]
}

/** A container, run on Docker or as a Job of Kubernetes by an executor that was started for it. */
export const container: Kind = {
  name: 'container',
  settings: strict({
    image: Type.String({
      minLength: 1,
      maxLength: 500,
      pattern: '^[A-Za-z0-9][A-Za-z0-9._/:@-]*$',
      description: 'As in docker pull; without tag or digest it is :latest',
      examples: ['python:3.13-slim', 'registry.example.com/team/etl@sha256:…'],
    }),
    ...optional({
      command: Type.Array(Value, { minItems: 1, maxItems: 200, description: "What runs. Left out: the image's entry point" }),
      args: { ...Words, description: "Its arguments. Left out: the image's, where command is left out as well" },
      ...programSettings,
      workdir: Type.String({ pattern: '^/', maxLength: 1000, description: "Left out: the image's" }),
      resources: strict(
        optional({
          cpu: Type.Number({ minimum: 0.01, maximum: 1024, description: 'Processors; 0.5 is half of one' }),
          memoryMb: Type.Integer({ minimum: 6, maximum: 16_777_216, description: 'It is killed when it needs more' }),
        }),
        { description: 'The most that it may take' },
      ),
      pullPolicy: choice(
        ['if-missing', 'always', 'never'],
        'When the image is pulled. Left out: if-missing, and always where the tag is latest',
      ),
      registry: strict(
        {
          username: Type.String({ minLength: 1, maxLength: 500 }),
          password: Type.String({ maxLength: 500, description: 'A reference to a secret: ${{ secrets.name }}' }),
        },
        { description: 'Who pulls the image, where its registry asks' },
      ),
      kubernetes: strict(
        optional({
          namespace: Type.String({ ...DnsLabel, description: "One that the executor allows. Left out: the executor's first" }),
          serviceAccount: Type.String({
            pattern: '^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$',
            maxLength: 253,
            description: "One that the executor allows. Left out: the namespace's default, without its token",
          }),
          nodeSelector: dictionary({ maxLength: 317 }, Type.String({ maxLength: 63 }), 50),
        }),
        { description: 'Heeded where it runs as a Job of Kubernetes' },
      ),
    }),
  }),
  app: 'own',
  problems: (settings) => [...openProblems(settings), ...registryProblems(settings)],
  handlerOf: () => 'container',
}
