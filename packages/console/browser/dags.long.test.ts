import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import { api, axeFinds, createPerson, openConsole, settle, shoot, useBrowser } from './console.ts'

useBrowser()

const TASK = 'weather-report-seattle'

/** The words of the graph: what is drawn, as it is read out. */
const graphOf = (page: Page) => page.getByRole('tree')
const nodeOf = (page: Page, code: string) => page.locator(`[role=treeitem][data-node="${code}"]`)
const saved = (page: Page) => page.locator('[data-save=SAVED]').waitFor()

/** With the focus in the graph: a node behind the one that is selected. */
async function addNode(page: Page, code: string): Promise<void> {
  await page.keyboard.press('a')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.type(TASK)
  await page.getByRole('option', { name: TASK }).waitFor()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type(code)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await nodeOf(page, code).waitFor({ state: 'attached' })
  await graphOf(page).focus()
}

async function connect(page: Page, to: string): Promise<void> {
  await page.keyboard.press('c')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.type(to)
  await page.getByRole('option', { name: to, exact: true }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Connect', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await graphOf(page).focus()
}

async function newDag(code: string, nodes: readonly string[]): Promise<void> {
  await api().dags.create({ body: { code, name: code } })
  await api().dagVersions.create({
    params: { dag: code },
    body: {
      definition: {
        nodes: nodes.map((node) => ({ code: node, task: TASK })),
        edges: nodes.slice(1).map((node, index) => ({ from: nodes[index]!, to: node })),
      },
    },
  })
}

describe('E3: by keyboard alone', () => {
  test(
    'a DAG of five nodes with a condition is drawn, tested, published and run, and the edge not taken is seen',
    { timeout: 300_000 },
    async () => {
      const { page, context, faults } = await openConsole()
      await page.addInitScript(() => {
        const counted = globalThis as unknown as { pointers: number; dashed: boolean[] }
        counted.pointers = 0
        for (const type of ['pointerdown', 'mousedown', 'touchstart']) addEventListener(type, () => counted.pointers++, true)
        // The edges of the present picture, as they were drawn.
        const pen = CanvasRenderingContext2D.prototype
        const { clearRect, bezierCurveTo } = pen
        pen.clearRect = function (...area) {
          counted.dashed = []
          clearRect.apply(this, area)
        }
        pen.bezierCurveTo = function (...curve) {
          counted.dashed.push(this.getLineDash().length > 0)
          bezierCurveTo.apply(this, curve)
        }
      })
      await page.goto('/t/default/dags')
      await page.getByRole('button', { name: 'Create a DAG' }).first().focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').getByLabel(/^Code/).waitFor()
      await page.keyboard.type('by-keyboard')
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/dags\/by-keyboard\/edit/)

      await page.getByLabel('Values of the parameters').focus()
      await page.keyboard.type('{"rows": 1}')
      await graphOf(page).focus()
      await addNode(page, 'start')
      await addNode(page, 'many')
      await page.keyboard.press('ArrowLeft')
      await addNode(page, 'few')
      await addNode(page, 'join')
      await addNode(page, 'last')
      // Back along the edges to the branch that has no end yet.
      for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key)
      await page.waitForURL(/node=start/)
      await page.keyboard.press('ArrowRight')
      await page.waitForURL(/node=(few|many)/)
      // Which of the two stands nearer is the layout's choice; the other one is in the same column.
      if (page.url().includes('node=few')) {
        const key = (await columnOf(page, 'few')) > (await columnOf(page, 'many')) ? 'ArrowUp' : 'ArrowDown'
        await page.keyboard.press(key)
      }
      await page.waitForURL(/node=many/)
      await connect(page, 'join')

      // The condition, in the inspector of the edge, with completion and a test value.
      await page.getByRole('button', { name: /^Comes from start/ }).press('Enter')
      await page.getByRole('heading', { name: 'start → many' }).waitFor()
      await page.getByLabel('Condition', { exact: true }).first().focus()
      await page.keyboard.type('params.r')
      await page.getByRole('option', { name: 'params.rows' }).waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.keyboard.type(' > 10')
      await page.keyboard.press('Enter')
      await page.getByText('gives false').waitFor()
      await shoot(page, 'editor-condition')

      await graphOf(page).focus()
      await page.keyboard.press('End')
      await page.keyboard.press('ArrowLeft')
      await page.waitForURL(/node=join/)
      await page.keyboard.press('e')
      await page.getByLabel('Runs when').first().focus()
      await page.keyboard.press('ArrowDown')
      await page.getByRole('option', { name: 'all before it ended' }).waitFor()
      for (let n = 0; n < 6; n++) {
        if ((await page.locator('[role=option][data-combobox-selected]').textContent()) === 'all before it ended') break
        await page.keyboard.press('ArrowDown')
      }
      await page.keyboard.press('Enter')
      await saved(page)
      await page.getByText('No problems').waitFor()
      await shoot(page, 'editor')

      await page.getByRole('button', { name: 'Publish …' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').getByText('It is the first version').waitFor()
      await shoot(page, 'editor-publish')
      await page.getByRole('button', { name: 'Publish, then run' }).focus()
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Run by-keyboard' }).waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).focus()
      await page.keyboard.press('Enter')
      await page.waitForURL(/\/runs\/\d+$/)
      expect(await page.evaluate(() => (globalThis as unknown as { pointers: number }).pointers)).toBe(0)

      const run = page.url().split('/').pop()!
      await expect
        .poll(async () => (await api().runs.get({ params: { run } })).state, { timeout: 60_000, interval: 500 })
        .toBe('SUCCESS')
      const { instances } = await api().runs.get({ params: { run } })
      const skipped = instances.filter(({ state }) => state === 'SKIPPED')
      expect(skipped.map(({ nodeCode }) => nodeCode)).toEqual(['many'])
      // Read out as not taken, and drawn so: of the five lines those into and out of the skipped node are dashed.
      await page.getByText('Succeeded').first().waitFor()
      await expect.poll(() => nodeOf(page, 'many').textContent()).toMatch(/after start if .*params\.rows > 10.* \(not taken\)/)
      expect(await page.getByRole('treeitem').filter({ hasText: '(not taken)' }).count()).toBe(3)
      const drawn = async () => {
        const dashed = await page.evaluate(() => (globalThis as unknown as { dashed: boolean[] }).dashed)
        return { lines: dashed.length, dashed: dashed.filter((each) => each).length }
      }
      await expect.poll(drawn).toEqual({ lines: 5, dashed: 2 })
      await shoot(page, 'run-not-taken')
      expect(faults).toEqual([])
      await context.close()
    },
  )
})

describe('E4: nothing that was edited is lost', () => {
  test('twenty edits are there after the tab was killed and opened again, and each can be undone', async () => {
    await newDag('twenty', ['first'])
    const { page, context } = await openConsole()
    await page.goto('/t/default/dags/twenty/edit')
    await saved(page)
    await graphOf(page).focus()
    await page.keyboard.press('Home')
    for (let n = 0; n < 20; n++) {
      await page.keyboard.press('ControlOrMeta+d')
      await nodeOf(page, `first-${n + 2}`).waitFor({ state: 'attached' })
      if (n < 19) await page.keyboard.press('Home')
    }
    // At once: the last edits have not been sent yet.
    await page.close({ runBeforeUnload: false })
    const again = await context.newPage()
    await again.goto('/t/default/dags/twenty/edit')
    await saved(again)
    await expect.poll(() => again.getByRole('treeitem').count()).toBe(21)
    const { items } = await api().dagVersions.list({ params: { dag: 'twenty' }, query: {} })
    await expect
      .poll(async () => (await api().dagVersions.get({ params: { dag: 'twenty', number: items[0]!.number } })).nodeCount)
      .toBe(21)
    await graphOf(again).focus()
    for (let n = 0; n < 20; n++) await again.keyboard.press('ControlOrMeta+z')
    await expect.poll(() => again.getByRole('treeitem').count()).toBe(1)
    await again.keyboard.press('ControlOrMeta+y')
    await expect.poll(() => again.getByRole('treeitem').count()).toBe(2)
    await context.close()
  })

  test('while the server is away it is said how many changes are kept here, and they are saved when it is back', async () => {
    await newDag('away', ['a', 'b'])
    const { page, context } = await openConsole()
    await page.goto('/t/default/dags/away/edit')
    await saved(page)
    await page.route('**/api/**', (route) => route.abort('connectionrefused'))
    await graphOf(page).focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('ControlOrMeta+d')
    await page.keyboard.press('ControlOrMeta+d')
    await page.getByText('2 changes are kept in this browser').waitFor()
    await shoot(page, 'editor-server-away')
    await page.unroute('**/api/**')
    await saved(page)
    const draft = await api().dagVersions.get({ params: { dag: 'away', number: 1 } })
    expect(draft.nodeCount).toBe(4)
    await context.close()
  })
})

async function developer(name: string) {
  const person = await createPerson(name)
  await api().members.set({ params: { login: person.login }, body: { role: 'developer' } })
  return person
}

describe('E5: two people edit the same draft', () => {
  type Person = Awaited<ReturnType<typeof developer>>
  let first: Person
  let second: Person
  beforeAll(async () => {
    first = await developer('dag-first')
    second = await developer('dag-second')
  })

  test('what they change in different places comes together; where both changed the same, one is asked', async () => {
    await newDag('by-two', ['a', 'b'])
    const one = await openConsole({ as: first })
    const other = await openConsole({ as: second })
    await one.page.goto('/t/default/dags/by-two/edit?node=a')
    await other.page.goto('/t/default/dags/by-two/edit?node=b')
    await saved(one.page)
    await saved(other.page)
    const name = (page: Page) => page.getByRole('region', { name: 'Details' }).getByRole('textbox', { name: 'Name', exact: true })

    await name(one.page).fill('named by one')
    await name(one.page).press('Enter')
    await expect.poll(async () => namesOf(await draftOf('by-two'))).toEqual(['named by one', undefined])
    await name(other.page).fill('named by the other')
    await name(other.page).press('Enter')
    // Neither is overwritten.
    await expect.poll(async () => namesOf(await draftOf('by-two'))).toEqual(['named by one', 'named by the other'])
    await nodeOf(other.page, 'a').getByText('named by one').waitFor({ state: 'attached' })

    // The same field now, before either has seen the other's.
    await other.page.goto('/t/default/dags/by-two/edit?version=1&node=a')
    await saved(other.page)
    await name(one.page).fill('again by one')
    await name(other.page).fill('again by the other')
    await name(one.page).press('Enter')
    await expect.poll(async () => namesOf(await draftOf('by-two'))[0]).toBe('again by one')
    await name(other.page).press('Enter')
    await other.page.getByRole('button', { name: 'Choose …' }).click()
    await other.page.getByRole('dialog').getByText('again by one').waitFor()
    await shoot(other.page, 'editor-clash')
    expect(await axeFinds(other.page)).toEqual([])
    await other.page.getByRole('button', { name: 'Save these' }).click()
    await expect.poll(async () => namesOf(await draftOf('by-two'))[0]).toBe('again by the other')
    await one.context.close()
    await other.context.close()
  })

  test('who publishes second is told what came between, brings it in, and takes nothing back', async () => {
    await newDag('published-twice', ['a'])
    await api().dagVersions.activate({ params: { dag: 'published-twice', number: 1 }, body: {} })
    const dag = 'published-twice'
    for (const code of ['mine', 'theirs']) {
      const draft = await api().dagVersions.create({ params: { dag }, body: { copyOf: 1 } })
      await api().dagNodes.add({
        params: { dag, number: draft.number },
        body: { revision: draft.revision, node: { code, task: TASK } },
      })
    }
    const { page, context } = await openConsole({ as: first })
    await page.goto(`/t/default/dags/${dag}/edit?version=2`)
    await saved(page)
    const other = await openConsole({ as: second })
    await other.page.goto(`/t/default/dags/${dag}/edit?version=3`)
    await saved(other.page)
    await other.page.getByRole('button', { name: 'Publish …' }).click()
    await other.page.getByRole('dialog').getByRole('button', { name: 'Publish', exact: true }).click()
    await other.page.waitForURL(new RegExp(`/dags/${dag}$`))
    await other.context.close()
    await page.getByRole('button', { name: 'Publish …' }).click()
    await page.getByRole('button', { name: 'Bring in version 3' }).click()
    await expect.poll(() => page.getByRole('dialog').locator('[data-node=theirs]').textContent()).not.toContain('removed')
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.waitForURL(new RegExp(`/dags/${dag}$`))
    const active = await api().dagVersions.get({ params: { dag, number: 2 } })
    const before = await api().dagVersions.get({ params: { dag, number: 3 } })
    expect(active.state).toBe('ACTIVE')
    expect([before.activatedBy, active.activatedBy]).toEqual([`user:${second.login}`, `user:${first.login}`])
    expect(active.definition.nodes.map(({ code }) => code).sort()).toEqual(['a', 'mine', 'theirs'])
    await page.goto(`/t/default/dags/${dag}?tab=versions&from=1&to=2`)
    await nodeOf(page, 'mine').waitFor({ state: 'attached' })
    expect(await nodeOf(page, 'mine').textContent()).toContain('added')
    await shoot(page, 'dag-diff')
    expect(await axeFinds(page)).toEqual([])
    await page.getByRole('button', { name: /Roll back … Version 3/ }).click()
    await page.getByRole('button', { name: 'Make it active' }).click()
    await expect.poll(async () => (await api().dags.get({ params: { dag } })).active).toBe(3)
    await context.close()
  })
})

test('the mouse moves a node, and the others stay where they were drawn', async () => {
  await newDag('by-mouse', ['a', 'b', 'c'])
  const { page, context, faults } = await openConsole()
  await page.goto('/t/default/dags/by-mouse/edit')
  await saved(page)
  await settle(page)
  const box = (await page.locator('canvas').boundingBox())!
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  // `b` stands in the middle of what is shown.
  await page.mouse.move(middle.x, middle.y)
  await page.mouse.down()
  await page.mouse.move(middle.x + 5, middle.y + 90, { steps: 4 })
  await page.mouse.up()
  await page.getByRole('button', { name: /^Undo: move b/ }).waitFor()
  await saved(page)
  const { definition } = await draftOf('by-mouse')
  expect(definition.nodes.every(({ position }) => position !== undefined)).toBe(true)
  expect(faults).toEqual([])
  await context.close()
})

/** Its place in the list, which goes column by column, each from above. */
async function columnOf(page: Page, code: string): Promise<number> {
  const codes = await page.getByRole('treeitem').evaluateAll((items) => items.map((item) => item.getAttribute('data-node')))
  return codes.indexOf(code)
}

async function draftOf(dag: string) {
  return api().dagVersions.get({ params: { dag, number: 1 } })
}

const namesOf = ({ definition }: Awaited<ReturnType<typeof draftOf>>) => definition.nodes.map(({ name }) => name)
