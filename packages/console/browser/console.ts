import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'
import { createClient, type Client } from '@carillon/contract'
import { launchChromium } from './chromium.ts'
import type { Stage } from './stage.ts'

export const LANGUAGES = ['en', 'zh'] as const
export const THEMES = ['light', 'dark'] as const

let browser: Browser

/** One browser for the tests of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser.close())
}

export interface Opened {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors of the page: what its console says, what it throws. */
  readonly faults: string[]
}

interface OpenOptions {
  readonly language?: (typeof LANGUAGES)[number]
  readonly theme?: (typeof THEMES)[number]
  readonly width?: number
  readonly height?: number
  /** null: nobody. Left out: the administrator. */
  /** Left out: that of all tests. */
  readonly stage?: Stage
  readonly as?: { readonly login: string; readonly password: string } | null
}

/** A fresh profile of a browser, signed in. */
export async function openConsole(options: OpenOptions = {}): Promise<Opened> {
  const { url, login, password } = options.stage ?? inject('stage')
  const { language = 'en', theme = 'light', width = 1440, height = 900, as = { login, password } } = options
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height },
    colorScheme: theme,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  })
  if (as !== null) {
    const answer = await context.request.post('/api/v1/session', {
      headers: { 'carillon-console': '1' },
      data: { name: as.login, password: as.password },
    })
    expect(answer.status(), await answer.text()).toBe(200)
  }
  const page = await context.newPage()
  return { page, context, faults: faultsOf(page) }
}

/** Errors of a page from now on. */
export function faultsOf(page: Page): string[] {
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  page.on('pageerror', (error) => faults.push(String(error.stack ?? error)))
  return faults
}

/** What a page asks of the API from now on, as `GET /api/v1/runs`; the live connection is none of it. */
export function asksOf(page: Page): string[] {
  const asks: string[] = []
  page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/api/') && request.resourceType() !== 'websocket') asks.push(`${request.method()} ${pathname}`)
  })
  return asks
}

/** The API by the administrator's token: to set up and to look behind the page. */
export function api(tenant?: string, stage: Stage = inject('stage')): Client {
  const { url, token } = stage
  return createClient({ baseUrl: url, token, ...(tenant === undefined ? {} : { tenant }) })
}

/** Somebody who may sign in; what they may do is said by their memberships. */
export async function createPerson(login: string): Promise<{ login: string; password: string }> {
  const password = 'a password of their own'
  await api().users.create({ body: { login, name: login, password } })
  return { login, password }
}

/** The page is there: its heading stands, and nothing of it is loading. */
export async function settle(page: Page): Promise<void> {
  await page.locator('h1, h2').first().waitFor()
  await page.waitForFunction(() => document.querySelector('.mantine-Loader-root') === null)
  // The layout of a graph comes from its worker.
  await page.waitForFunction(() => !/Laying out|正在布局/.test(document.body.innerText))
  // Fonts and the first paint.
  await page.evaluate(() => document.fonts.ready)
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds wrong with the page as it is, in words. */
export async function axeFinds(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async (tags) => {
    interface Axe {
      run(
        context: Document,
        options: object,
      ): Promise<{ violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[] }>
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run(document, { runOnly: tags })
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id} (${help}): ${html.slice(0, 300)} – ${failureSummary ?? ''}`),
    )
  }, TAGS)
}

const SHOTS = fileURLToPath(new URL('./shots/', import.meta.url))

/** A picture for people to look at; never compared. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true })
  await page.screenshot({ path: join(SHOTS, `${name}.png`), animations: 'disabled' })
}
