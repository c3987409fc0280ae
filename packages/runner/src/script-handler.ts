import { defineHandler, type Handler, type HandlerContext } from '@carillon/executor'
import { constants } from 'node:fs'
import { chown, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runScript, type ScriptEnd, type ScriptLimits } from './script-process.ts'
import { attemptVariables } from './attempt-variables.ts'
import { assertExit, listen, outputOf, type ProgramKind, type ProgramSettings, type Said } from './program.ts'
import { WorkFailure } from './work-failure.ts'

/** The settings of the kind `script`. */
export interface ScriptSettings extends ProgramSettings {
  readonly language: keyof typeof LANGUAGES
  readonly code: string
  readonly limits?: ScriptLimits
}

export interface ScriptHandlerOptions {
  /** Where working folders are made. Default: the system's folder for temporary files. */
  readonly workFolder?: string
  /** Whom scripts run as. Default: the executor's own user, whose files and environment they can then read. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** From asking a script to end until it is killed; must be less than the server's cancelGraceMs. Default 5,000. */
  readonly killAfterMs?: number
}

const LANGUAGES = {
  shell: { file: 'script.sh', command: '/bin/sh' },
  python: { file: 'script.py', command: 'python3' },
  node: { file: 'script.mjs', command: process.execPath },
} as const

export const SCRIPT_LANGUAGES = Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[]

const OUTPUT_BYTES = 1_000_000

/** How a script fails, beside `EXIT_<code>` and `SIGNAL_<name>`. */
export class ScriptFailure extends WorkFailure {
  override readonly name = 'ScriptFailure'
}

const SCRIPT: ProgramKind = { noun: 'script', Failure: ScriptFailure }

/**
 * The kind `script`: runs the code in a folder of its own, which is removed afterwards. Exit code 0 is success; each line that it prints is
 * a line of the log.
 */
export function createScriptHandler(options: ScriptHandlerOptions = {}): Handler {
  return defineHandler({
    name: 'script',
    run: async (context) => {
      const folder = await mkdtemp(join(options.workFolder ?? tmpdir(), 'carillon-script-'))
      try {
        return await runIn(folder, context, options)
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() =>
          context.log.warn(`${folder} could not be removed`),
        )
      }
    },
  })
}

async function runIn(folder: string, context: HandlerContext, options: ScriptHandlerOptions): Promise<unknown> {
  const settings = context.settings as ScriptSettings
  const { file, command } = LANGUAGES[settings.language]
  const { user = null, killAfterMs = 5_000 } = options
  const code = join(folder, file)
  const params = join(folder, 'params.json')
  const output = join(folder, 'output.json')
  await writeFile(code, settings.code, { mode: 0o600 })
  await writeFile(params, JSON.stringify(context.params), { mode: 0o600 })
  if (user) for (const path of [folder, code, params]) await chown(path, user.uid, user.gid)
  const said = listen(context)
  const end = await runScript({
    ...{ command, folder, user, killAfterMs },
    args: [code, ...(settings.args ?? [])],
    env: { ...environmentOf(folder, context), CARILLON_PARAMS: params, CARILLON_OUTPUT: output, ...settings.env },
    limits: settings.limits ?? {},
    signal: context.signal,
    onLine: said.line,
  })
  context.signal.throwIfAborted()
  assertSuccess(end, settings, said)
  return outputOf(settings.output === 'last-line' ? null : await readOutput(output), settings, SCRIPT, said)
}

/** Nothing of the executor's own environment: its token is in there. */
function environmentOf(folder: string, context: HandlerContext): Record<string, string> {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8', TZ } = process.env
  return {
    ...{ PATH, LANG, HOME: folder, TMPDIR: folder },
    ...(TZ === undefined ? {} : { TZ }),
    ...attemptVariables(context),
  }
}

function assertSuccess({ code, signal }: ScriptEnd, settings: ScriptSettings, said: Said): void {
  if (signal !== null) throw new ScriptFailure(`SIGNAL_${signal}`, `The script was ended by ${signal}${said.tail()}`, true)
  assertExit(code!, settings, SCRIPT, said)
}

/** A link would show a file that the script itself may not read. */
async function readOutput(path: string): Promise<string | null> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw new ScriptFailure(
        'SCRIPT_OUTPUT',
        `The output file cannot be read (${error.code}); it must be an ordinary file`,
        false,
      )
    },
  )
  if (file === null) return null
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw new ScriptFailure('SCRIPT_OUTPUT', 'The output is not an ordinary file', false)
    if (stat.size > OUTPUT_BYTES)
      throw new ScriptFailure('SCRIPT_OUTPUT', `The output is ${stat.size} bytes; ${OUTPUT_BYTES} are allowed`, false)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
