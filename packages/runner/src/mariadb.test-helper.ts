import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface TestMariadb {
  readonly url: string
  stop(): Promise<void>
}

const PASSWORD = 'p@ss: word/'

/** A real MariaDB with a folder and a port of its own. Without one installed this fails and says how to get it: no test is skipped. */
export async function startMariadb(): Promise<TestMariadb> {
  const server = programPath('mariadbd')
  const folder = mkdtempSync(join(tmpdir(), 'carillon-mariadb-'))
  chmodSync(folder, 0o755)
  const data = join(folder, 'data')
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  execFileSync(
    programPath('mariadb-install-db'),
    ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', `--datadir=${data}`, ...user],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  // One statement a line: mariadbd reads nothing else.
  const init = join(folder, 'init.sql')
  writeFileSync(
    init,
    [`create database shop;`, `create user app@'%' identified by '${PASSWORD}';`, `grant all on shop.* to app@'%';`].join('\n'),
  )
  const port = await freePort()
  const child = spawn(
    server,
    [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${join(folder, 'socket')}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--init-file=${init}`,
      '--innodb-buffer-pool-size=16M',
      ...user,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const said: string[] = []
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line)
      if (/ready for connections/.test(line)) resolve()
    })
    child.once('exit', () => reject(new Error(`mariadbd did not start:\n${said.join('\n')}`)))
  })
  return {
    url: `mysql://app:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/shop`,
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function programPath(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin', '/usr/local/bin']
  const path = folders.map((folder) => join(folder, name)).find((each) => existsSync(each))
  if (path !== undefined) return path
  throw new Error(
    `The kind sql is tested on a real MariaDB, and ${name} is not here. Install it: apt-get install mariadb-server (or: brew install mariadb).`,
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
