import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InstanceStopped } from '@carillon/executor'
import { runHandler, type TestInstance } from '@carillon/executor/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createScriptHandler, type ScriptHandlerOptions, type ScriptSettings } from './script-handler.ts'

function run(
  settings: Omit<ScriptSettings, 'language'> & Partial<ScriptSettings>,
  instance: TestInstance = {},
  options: ScriptHandlerOptions = {},
) {
  const workFolder = options.workFolder ?? folder()
  return runHandler(createScriptHandler({ ...options, workFolder }), {
    kind: 'script',
    settings: { language: 'shell', ...settings },
    ...instance,
  })
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'carillon-script-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    // A zombie still has its number; it runs no more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('KND-1 a script', () => {
  it.each([
    ['shell', 'printf \'{"sum": 3}\' > "$CARILLON_OUTPUT"'],
    [
      'python',
      'import json, os\np = json.load(open(os.environ["CARILLON_PARAMS"]))\njson.dump({"sum": p["a"] + p["b"]}, open(os.environ["CARILLON_OUTPUT"], "w"))',
    ],
    [
      'node',
      "import { readFileSync, writeFileSync } from 'node:fs'\nconst { a, b } = JSON.parse(readFileSync(process.env.CARILLON_PARAMS, 'utf8'))\nwriteFileSync(process.env.CARILLON_OUTPUT, JSON.stringify({ sum: a + b }))",
    ],
  ] as const)('in %s reads its parameters and answers JSON by a file', async (language, code) => {
    expect(await run({ language, code }, { params: { a: 1, b: 2 } })).toMatchObject({ outcome: 'SUCCESS', output: { sum: 3 } })
  })

  it('answers by its last line where the settings say so', async () => {
    const result = await run({ code: 'echo starting\necho \'["a", 1]\'', output: 'last-line' })
    expect(result).toMatchObject({ outcome: 'SUCCESS', output: ['a', 1] })
  })

  it('logs each line with where it came from', async () => {
    const { logs } = await run({ code: 'echo one; echo two >&2; printf three' })
    expect(logs.filter(({ source }) => source === 'stdout').map(({ text }) => text)).toEqual(['one', 'three'])
    expect(logs.filter(({ source }) => source === 'stderr')).toEqual([{ level: 'WARN', source: 'stderr', text: 'two' }])
  })

  it('fails by its exit code, with the last lines that it said', async () => {
    const result = await run({ code: 'echo "no such account" >&2; exit 3' })
    expect(result).toMatchObject({ outcome: 'FAILURE', retriable: true, error: { code: 'EXIT_3' } })
    expect(result.error!.message).toContain('no such account')
    expect(await run({ code: 'exit 3', fatalExitCodes: [3] })).toMatchObject({ retriable: false })
  })

  it('fails by the signal that ended it', async () => {
    expect(await run({ code: 'kill -SEGV $$' })).toMatchObject({ error: { code: 'SIGNAL_SIGSEGV' } })
  })

  it('fails where its output is not JSON, for good', async () => {
    expect(await run({ code: 'echo done', output: 'last-line' })).toMatchObject({
      error: { code: 'SCRIPT_OUTPUT' },
      retriable: false,
    })
  })

  it('leaves nothing behind: its folder is removed', async () => {
    const workFolder = folder()
    await run({ code: 'mkdir deep && echo x > deep/file && exit 1' }, {}, { workFolder })
    expect(readdirSync(workFolder)).toEqual([])
  })
})

describe('S23 a script', () => {
  it('sees no environment but its own', async () => {
    vi.stubEnv('CARILLON_TOKEN', 'canary-token')
    vi.stubEnv('DATABASE_URL', 'postgres://canary')
    onTestFinished(() => void vi.unstubAllEnvs())
    const { logs } = await run({ code: 'env', env: { MINE: 'yes' } }, { variables: { STAGE: 'test' } })
    const said = logs.map(({ text }) => text).join('\n')
    expect(said).toContain('MINE=yes')
    expect(said).toContain('STAGE=test')
    expect(said).not.toContain('canary')
  })

  it('cannot make the executor read a file for it by a link', async () => {
    expect(await run({ code: 'ln -s /etc/passwd "$CARILLON_OUTPUT"' })).toMatchObject({ error: { code: 'SCRIPT_OUTPUT' } })
    expect(await run({ code: 'mkfifo "$CARILLON_OUTPUT"' })).toMatchObject({ error: { code: 'SCRIPT_OUTPUT' } })
  })

  it('runs as the user it is told to', async () => {
    if (process.getuid!() !== 0)
      return expect((await run({ code: 'id -u' }, {}, { user: { uid: 65_534, gid: 65_534 } })).outcome).toBe('FAILURE')
    const path = folder()
    const { logs, outcome } = await run(
      { code: 'id -u; cat /proc/$PPID/environ' },
      {},
      { user: { uid: 65_534, gid: 65_534 }, workFolder: await open(path) },
    )
    expect(logs[0]!.text).toBe('65534')
    expect(logs[1]!.text).toMatch(/Permission denied/)
    expect(outcome).toBe('FAILURE')
  })

  it('is held to its limits', async () => {
    const hungry = await run({ language: 'python', code: 'b = bytearray(900 * 1024 * 1024)', limits: { memoryMb: 200 } })
    expect(hungry).toMatchObject({ outcome: 'FAILURE', error: { code: 'EXIT_1' } })
    expect(hungry.error!.message).toContain('MemoryError')
    const busy = await run({ code: 'while :; do :; done', limits: { cpuSeconds: 1 } })
    expect(busy.error!.code).toMatch(/SIGNAL_SIG(XCPU|KILL)/)
    const polite = await run({ code: 'nice', limits: { nice: 7 } })
    expect(polite.logs[0]!.text).toBe('7')
  })
})

async function open(path: string): Promise<string> {
  const { chmod } = await import('node:fs/promises')
  await chmod(path, 0o755)
  return path
}

describe('INS-7 a script that is to stop', () => {
  /** Starts it and stops it as soon as it has said the numbers of its processes. */
  async function stopAfterItSpoke(code: string, reason: 'CANCEL' | 'TIMEOUT', killAfterMs: number) {
    const stop = new AbortController()
    const path = folder()
    const spoken = join(path, 'spoken')
    const running = run({ code: code.replaceAll('SPOKEN', spoken) }, { signal: stop.signal }, { killAfterMs, workFolder: path })
    await expect.poll(() => existsSync(spoken) && readFileSync(spoken, 'utf8').endsWith('.\n'), { timeout: 10_000 }).toBe(true)
    stop.abort(new InstanceStopped(reason))
    const result = await running
    return { result, pids: readFileSync(spoken, 'utf8').match(/\d+/g)!.map(Number) }
  }

  it('may end by itself, with everything it started', async () => {
    const code = 'trap "echo cleaned up; exit 0" TERM\nsleep 600 & echo "$$ $! ." > SPOKEN\nwait'
    const { result, pids } = await stopAfterItSpoke(code, 'CANCEL', 20_000)
    expect(result).toMatchObject({ outcome: 'FAILURE', error: { code: 'CANCEL' } })
    expect(result.logs.map(({ text }) => text)).toContain('cleaned up')
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('is killed with its whole group where it does not', async () => {
    const code =
      'trap "" TERM\n(trap "" TERM; while :; do sleep 600; done) & echo "$$ $! ." > SPOKEN\nwhile :; do sleep 600; done'
    const { result, pids } = await stopAfterItSpoke(code, 'TIMEOUT', 200)
    expect(result).toMatchObject({ error: { code: 'TIMEOUT' } })
    await expect.poll(() => pids.filter(isAlive)).toEqual([])
  })

  it('takes what it left in the background with it when it ends', async () => {
    const path = folder()
    const { output } = await run({ code: 'sleep 600 & echo $!', output: 'last-line' }, {}, { workFolder: path })
    await expect.poll(() => isAlive(Number(output))).toBe(false)
  })
})
