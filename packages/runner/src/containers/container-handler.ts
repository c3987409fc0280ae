import { defineHandler, type Handler, type HandlerContext } from '@carillon/executor'
import { attemptVariables } from '../attempt-variables.ts'
import {
  ContainerFailure,
  type ContainerEnd,
  type ContainerEngine,
  type ContainerSettings,
  type ContainerWork,
} from './container.ts'
import { imageAllowed, imageName, type ImageName } from './image-name.ts'

export interface ContainerHandlerOptions {
  /** Patterns of images that may be run: `alpine:*`, `registry.example.com/**`. Default: every image. */
  readonly images?: readonly string[]
  /** From asking a container to end until it is killed; must be less than the server's cancelGraceMs. Default 5,000. */
  readonly killAfterMs?: number
}

const LAST_LINES = 5

/** The kind `container`: exit code 0 is success; each line that it prints is a line of the log. */
export function createContainerHandler(engine: ContainerEngine, options: ContainerHandlerOptions = {}): Handler {
  const run = async (context: HandlerContext): Promise<unknown> => {
    const work = workOf(context, options)
    const said = { last: '', stdout: [] as string[], stderr: [] as string[] }
    const line = (source: 'stdout' | 'stderr', text: string) => {
      context.log.write(source === 'stdout' ? 'INFO' : 'WARN', text, source)
      said[source] = [...said[source].slice(1 - LAST_LINES), text]
      if (source === 'stdout') said.last = text
    }
    try {
      const end = await engine.run(work, context, { line })
      context.signal.throwIfAborted()
      assertSuccess(end, work.settings, said.stderr.length > 0 ? said.stderr : said.stdout)
      return outputOf(end, work.settings, said.last)
    } catch (error) {
      // Whatever became of a container that was stopped: this is why.
      context.signal.throwIfAborted()
      throw error
    }
  }
  return defineHandler({ name: 'container', run })
}

// ───────────────────────────────────────────────────────────────── what is run

function workOf(context: HandlerContext, { images, killAfterMs = 5_000 }: ContainerHandlerOptions): ContainerWork {
  const settings = context.settings as ContainerSettings
  const image = allowedImage(settings.image, images)
  const pullPolicy = settings.pullPolicy ?? (image.isLatest ? 'always' : 'if-missing')
  const env = { ...attemptVariables(context), ...settings.env }
  return { settings, image, pullPolicy, env, params: JSON.stringify(context.params ?? {}), killAfterMs }
}

function allowedImage(text: string, patterns: readonly string[] | undefined): ImageName {
  const image = imageName(text)
  if (image === null) throw new ContainerFailure('CONTAINER_IMAGE', `${text} is no name of an image`, false)
  if (patterns === undefined || imageAllowed(image, patterns)) return image
  throw new ContainerFailure(
    'CONTAINER_FORBIDDEN',
    `This executor does not run the image ${image.short}; it runs ${patterns.join(', ')}`,
    false,
  )
}

// ───────────────────────────────────────────────────────────────── how it ended

function assertSuccess(end: ContainerEnd, settings: ContainerSettings, lines: readonly string[]): void {
  const { exitCode, outOfMemory } = end
  const tail = lines.length === 0 ? '' : `:\n${lines.join('\n')}`
  if (outOfMemory) throw new ContainerFailure('CONTAINER_OUT_OF_MEMORY', `${outOfMemoryText(settings)}${tail}`, true)
  if (exitCode === 0) return
  throw new ContainerFailure(
    `EXIT_${exitCode}`,
    `The container ended with exit code ${exitCode}${tail}`,
    !settings.fatalExitCodes?.includes(exitCode),
  )
}

function outOfMemoryText({ resources }: ContainerSettings): string {
  const most = resources?.memoryMb
  return `The container was killed for want of memory${most === undefined ? '' : `; it may have ${most} MB`}`
}

function outputOf(end: ContainerEnd, { output = 'file' }: ContainerSettings, lastLine: string): unknown {
  const text = output === 'file' ? end.output : lastLine
  if (text === null || text.trim() === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    const where = output === 'file' ? 'the file CARILLON_OUTPUT' : 'the last line of standard output'
    const cut =
      output === 'file' && end.outputCutAt !== undefined && Buffer.byteLength(text) >= end.outputCutAt
        ? `; the file may have ${end.outputCutAt} bytes here, so use "output": "last-line" for more`
        : ''
    throw new ContainerFailure(
      'CONTAINER_OUTPUT',
      `What stands in ${where} is not JSON: ${(error as Error).message}${cut}`,
      false,
    )
  }
}
