import type { HandlerContext } from '@carillon/executor'
import {
  ContainerFailure,
  goneFailure,
  imageFailure,
  refusedFailure,
  startFailure,
  type ContainerEnd,
  type ContainerEngine,
  type ContainerOutlet,
  type ContainerWork,
} from '../container.ts'
import { EngineAway, EngineRefusal, type ConnectionOptions } from '../engine-connection.ts'
import { followLog, LOG_DRAIN_MS } from '../follow-log.ts'
import { Held } from '../held.ts'
import { EXECUTOR_LABEL, heldKey, identityOf, labelsOf, nameOf, type Identity } from '../identity.ts'
import { PATIENCE, persistently, type Patience } from '../persistently.ts'
import { after, whenAborted } from '../stopping.ts'
import { firstFile } from '../tar.ts'
import { containerBody, filesOf, OUTPUT_FILE } from './container-body.ts'
import { DockerApi, type DockerState } from './docker-api.ts'
import { LogFrames } from './log-frames.ts'
import { PullProgress } from './pull-progress.ts'

export interface DockerOptions {
  readonly address: ConnectionOptions
  /** Names this executor, and whoever takes its place after a crash. */
  readonly identity: string
  readonly patience?: Partial<Patience>
}

const OUTPUT_BYTES = 1_000_000
/** Those that are left behind are stopped so many at once. */
const SWEPT_AT_ONCE = 10
const SWEEP_STOP_SECONDS = 5

/** Runs containers on one Docker engine. */
export class DockerEngine implements ContainerEngine {
  readonly name: string
  readonly #api: DockerApi
  readonly #identity: Identity
  readonly #patience: Patience
  readonly #held = new Held()

  constructor({ address, identity, patience }: DockerOptions) {
    this.name = address.name
    this.#api = new DockerApi(address)
    this.#identity = identityOf(identity)
    this.#patience = { ...PATIENCE, ...patience }
  }

  run(work: ContainerWork, context: HandlerContext, outlet: ContainerOutlet): Promise<ContainerEnd> {
    return this.#held.during(labelsOf(context, this.#identity), async () => {
      await this.#ensureImage(work, context)
      context.signal.throwIfAborted()
      const id = await this.#create(work, context)
      try {
        await this.#api.putFiles(id, filesOf(work))
        context.signal.throwIfAborted()
        await this.#start(id)
        context.progress(0, 'Running')
        await this.#follow(id, work, context, outlet)
        context.signal.throwIfAborted()
        return await this.#endOf(id, work)
      } finally {
        await this.#remove(id, context)
      }
    })
  }

  async sweep(): Promise<number> {
    const listed = await this.#api.list(`${EXECUTOR_LABEL}=${this.#identity.hash}`)
    const left = listed.filter(({ Labels }) => !this.#held.has(Labels))
    for (let next = 0; next < left.length; next += SWEPT_AT_ONCE)
      await Promise.all(left.slice(next, next + SWEPT_AT_ONCE).map(({ Id }) => this.#stopAndRemove(Id)))
    return left.length
  }

  close(): Promise<void> {
    return this.#api.connection.close()
  }

  // ─────────────────────────────────────────────────────────────── image

  async #ensureImage({ image, pullPolicy, settings }: ContainerWork, context: HandlerContext): Promise<void> {
    if (pullPolicy !== 'always' && (await this.#api.hasImage(image.full))) return
    if (pullPolicy === 'never')
      throw new ContainerFailure('CONTAINER_IMAGE', `The image ${image.short} is not on ${this.name}, and is never pulled`, false)
    try {
      await this.#pull(image.full, image.short, authOf(settings.registry), context)
    } catch (error) {
      throw error instanceof PullRefused || error instanceof EngineRefusal ? imageFailure(image, error.said) : error
    }
  }

  async #pull(name: string, short: string, auth: string | null, context: HandlerContext): Promise<void> {
    context.log.write('INFO', `Pulling ${short}`, 'system')
    context.progress(0, `Pulling ${short}`)
    const progress = new PullProgress()
    let last = ''
    for await (const event of this.#api.pull(name, auth, context.signal)) {
      if (event.error !== undefined) throw new PullRefused(event.errorDetail?.message ?? event.error)
      const told = progress.take(event)
      if (told !== null) context.progress(0, `Pulling ${short}: ${told}`)
      if (event.id === undefined && event.status !== undefined) last = event.status
    }
    context.log.write('INFO', last === '' ? `Pulled ${short}` : last, 'system')
  }

  // ─────────────────────────────────────────────────────────────── life

  /** Its name is taken where an earlier answer was lost: then that container is the one. */
  async #create(work: ContainerWork, context: HandlerContext): Promise<string> {
    const name = nameOf(context, this.#identity)
    const body = containerBody(work, context, this.#identity)
    try {
      return await this.#api.create(name, body).catch((error: unknown) => {
        if (error instanceof EngineAway) return this.#api.create(name, body)
        throw error
      })
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error
      const mine = error.status === 409 ? await this.#mine(name, context) : null
      if (mine !== null) return mine
      if (error.status === 404) throw imageFailure(work.image, error.said)
      throw error.status === 400 ? refusedFailure(error.said) : error
    }
  }

  async #mine(name: string, context: HandlerContext): Promise<string | null> {
    const found = await this.#api.inspect(name)
    const labels = found?.Config.Labels ?? undefined
    const isMine =
      labels?.[EXECUTOR_LABEL] === this.#identity.hash && heldKey(labels) === heldKey(labelsOf(context, this.#identity))
    return found !== null && isMine && found.State.Status === 'created' ? found.Id : null
  }

  async #start(id: string): Promise<void> {
    try {
      await this.#api.start(id)
    } catch (error) {
      throw error instanceof EngineRefusal ? startFailure(error.said) : error
    }
  }

  /** Until it has ended, or could not be made to. */
  async #follow(id: string, work: ContainerWork, context: HandlerContext, outlet: ContainerOutlet): Promise<void> {
    const over = new AbortController()
    const ended = persistently(this.#patience, over.signal, (alive) => this.#wait(id, over.signal, alive))
    const stopped = whenAborted(context.signal, over.signal)
      .then(() => this.#stop(id, work))
      .then(() => after(this.#patience.stopMs, over.signal))
    const logged = this.#log(id, ended, over.signal, context, outlet)
    try {
      await Promise.race([ended.then(() => Promise.race([logged, after(LOG_DRAIN_MS, over.signal)])), stopped])
    } finally {
      over.abort()
    }
  }

  async #wait(id: string, signal: AbortSignal, alive: () => void): Promise<void> {
    // It answers at once where it does not run any more; this tells an engine that is back from one that is away.
    if ((await this.#api.inspect(id)) === null) throw goneFailure()
    alive()
    try {
      await this.#api.wait(id, signal)
    } catch (error) {
      alive()
      throw error instanceof EngineRefusal && error.status === 404 ? goneFailure() : error
    }
  }

  /** Where it cannot be stopped in peace, removing it kills it. */
  async #stop(id: string, { killAfterMs }: ContainerWork): Promise<void> {
    await this.#api.stop(id, Math.ceil(killAfterMs / 1000)).catch(() => undefined)
  }

  async #remove(id: string, { log }: HandlerContext): Promise<void> {
    try {
      await this.#api.remove(id)
    } catch (error) {
      log.write('WARN', `The container ${id.slice(0, 12)} is left behind for now: ${(error as Error).message}`, 'system')
    }
  }

  async #stopAndRemove(id: string): Promise<void> {
    await this.#api.stop(id, SWEEP_STOP_SECONDS).catch(() => undefined)
    await this.#api.remove(id)
  }

  // ─────────────────────────────────────────────────────────────── what it says

  /** Never rejects: a container whose log cannot be read goes on without. */
  async #log(
    id: string,
    ended: Promise<void>,
    over: AbortSignal,
    { log }: HandlerContext,
    outlet: ContainerOutlet,
  ): Promise<void> {
    const frames = new LogFrames((source, text) => outlet.line(source, text))
    const open = (since: string | undefined) => this.#api.logs(id, since, over)
    const problem = await followLog(frames, open, { patience: this.#patience, ended, over })
    if (problem !== null) log.write('WARN', `The container's log cannot be read: ${problem}`, 'system')
  }

  // ─────────────────────────────────────────────────────────────── how it ended

  async #endOf(id: string, { settings }: ContainerWork): Promise<ContainerEnd> {
    const { state, output } = await persistently(this.#patience, new AbortController().signal, async () => {
      const found = (await this.#api.inspect(id))?.State
      if (found === undefined) throw goneFailure()
      const wantsFile = found.ExitCode === 0 && settings.output !== 'last-line'
      return { state: found, output: wantsFile ? await this.#output(id) : null }
    })
    return { exitCode: state.ExitCode, outOfMemory: isOutOfMemory(state), output }
  }

  async #output(id: string): Promise<string | null> {
    // A block for the header, and some for headers before it.
    const archive = await this.#api.getFile(id, OUTPUT_FILE, OUTPUT_BYTES + 16 * 512)
    if (archive === null) return null
    const file = firstFile(archive)
    if (file !== null && file.length <= OUTPUT_BYTES) return file.toString('utf8')
    const what = `The file CARILLON_OUTPUT is no ordinary file of at most ${OUTPUT_BYTES} bytes`
    throw new ContainerFailure('CONTAINER_OUTPUT', what, false)
  }
}

class PullRefused extends Error {
  readonly said: string

  constructor(said: string) {
    super(said)
    this.said = said
  }
}

/** Docker says so of a container whose children alone were killed as well. */
const isOutOfMemory = ({ OOMKilled, ExitCode }: DockerState) => OOMKilled && ExitCode !== 0

function authOf(registry: ContainerWork['settings']['registry']): string | null {
  return registry === undefined ? null : Buffer.from(JSON.stringify(registry)).toString('base64url')
}
