import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

/**
 * A real Chromium, headless: the one that `CHROMIUM_PATH` names, else the system's, else the one that comes whole inside of a package of
 * the registry, so that a bare machine needs nothing but `npm ci`.
 */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await findChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

const ELSEWHERE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

async function findChromium(): Promise<string> {
  const found = [process.env['CHROMIUM_PATH'], ...ELSEWHERE].find((path) => path !== undefined && existsSync(path))
  if (found !== undefined) return found
  // It unpacks the libraries that a bare machine lacks only where it believes itself to be in a cloud function; read as it is loaded.
  process.env['AWS_EXECUTION_ENV'] ??= 'AWS_Lambda_nodejs20.x'
  const { default: packaged } = await import('@sparticuz/chromium')
  return packaged.executablePath()
}
