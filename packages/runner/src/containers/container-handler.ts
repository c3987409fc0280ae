import { defineHandler, type Handler, type HandlerContext } from '@carillon/executor'
import { attemptVariables } from '../attempt-variables.ts'
import { assertExit, listen, outputOf } from '../program.ts'
import {
  CONTAINER,
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

/** The kind `container`: exit code 0 is success; each line that it prints is a line of the log. */
export function createContainerHandler(engine: ContainerEngine, options: ContainerHandlerOptions = {}): Handler {
  const run = async (context: HandlerContext): Promise<unknown> => {
    const work = workOf(context, options)
    const said = listen(context)
    try {
      const end = await engine.run(work, context, said)
      context.signal.throwIfAborted()
      if (end.outOfMemory)
        throw new ContainerFailure('CONTAINER_OUT_OF_MEMORY', `${outOfMemoryText(work.settings)}${said.tail()}`, true)
      assertExit(end.exitCode, work.settings, CONTAINER, said)
      return outputOf(end.output, work.settings, CONTAINER, said, cutHint(end))
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

function outOfMemoryText({ resources }: ContainerSettings): string {
  const most = resources?.memoryMb
  return `The container was killed for want of memory${most === undefined ? '' : `; it may have ${most} MB`}`
}

/** Cut off, a file is no JSON any more. */
function cutHint({ output, outputCutAt }: ContainerEnd): string {
  if (output === null || outputCutAt === undefined || Buffer.byteLength(output) < outputCutAt) return ''
  return `; the file may have ${outputCutAt} bytes here, so use "output": "last-line" for more`
}
