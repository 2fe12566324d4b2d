/**
 * The showcase in a real browser: it does what it shows, and says nothing wrong on the way.
 */
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Page } from 'playwright-core'
import { assertBuilt } from '../helpers/built.js'
import { Program } from '../helpers/program.js'
import { Browser, keepScreenshot } from './browser.js'

const PATIENCE_MS = 120_000
const MIB = 1024 * 1024

let showcase: Program
let browser: Browser
let address: string

beforeAll(async () => {
  assertBuilt('demos')
  showcase = new Program(join('dist/demos/showcase.js'), { PORT: '0' }, PATIENCE_MS)
  browser = new Browser()
  address = await showcase.address()
})

afterEach(async () => {
  expect(browser.errors.splice(0)).toEqual([])
  await browser.closePages()
})

afterAll(async () => {
  await browser.close()
  expect(await showcase.stop()).toBe(0)
})

/** Waits until the text of the element matches, and returns it. */
async function text(page: Page, selector: string, pattern: RegExp): Promise<string> {
  const element = page.locator(selector, { hasText: pattern })
  await element.waitFor()
  return await element.innerText()
}

async function samples(page: Page): Promise<number> {
  return Number(await page.locator('#plot').getAttribute('data-samples'))
}

/** Waits until the plot has so many more samples: the page's own clock. */
async function watch(page: Page, more: number): Promise<void> {
  const enough = await samples(page) + more
  await page.locator('#plot').evaluate(async (plot: { dataset: Record<string, string> }, count) => {
    while (Number(plot.dataset['samples'] ?? 0) < count) await new Promise(resolve => { setTimeout(resolve, 20) })
  }, enough)
}

async function setSlider(page: Page, selector: string, power: number): Promise<void> {
  await page.locator(selector).fill(String(power))
}

async function gauge(page: Page, panel: string): Promise<{ held: number; peak: number; bound: number }> {
  const read = async (name: string): Promise<number> =>
    Number(await page.locator(`${panel} .gauge`).getAttribute(`data-${name}`))
  return { held: await read('held'), peak: await read('peak'), bound: await read('bound') }
}

/** The number of bytes that the label shows. */
async function amount(page: Page, selector: string): Promise<number> {
  const [value, unit] = (await page.locator(selector).innerText()).split(/[ /]/)
  return Number(value) * 1024 ** ['B', 'KiB', 'MiB', 'GiB'].indexOf(unit)
}

describe('the chat', () => {
  it('connects two pages', async () => {
    const [ada, bob] = [await browser.open(address), await browser.open(address)]
    await text(ada, '#people', /2 pages are here/)
    await ada.fill('#name', 'Ada')
    await ada.fill('#text', 'Is anybody there? <b>')
    await ada.press('#text', 'Enter')
    expect(await text(bob, '#lines li', /Ada/)).toContain('Is anybody there? <b>')
    await bob.fill('#name', 'Bob')
    await bob.fill('#text', 'I am.')
    await bob.click('#say button')
    expect(await text(ada, '#lines li', /Bob/)).toContain('I am.')
    await bob.close()
    await text(ada, '#people', /only you are here/)
  })
})

describe('the figures', () => {
  it('change', async () => {
    const page = await browser.open(address)
    await text(page, '#link', /^connected$/)
    await watch(page, 4)
    expect(Number(await page.locator('#requests').innerText())).toBeGreaterThan(5)
    expect(await page.locator('#memory').innerText()).toMatch(/MiB/)
    const before = await page.locator('#plot').screenshot()
    await page.click('#download-start')
    await watch(page, 4)
    expect((await page.locator('#plot').screenshot()).equals(before)).toBe(false)
  })
})

describe('the download', () => {
  it('stops its producer while the reader is paused, and holds no more than its bound', async () => {
    const page = await browser.open(address)
    await setSlider(page, '#pace', 22)
    await page.click('#download-start')
    await watch(page, 4)
    await page.click('#download-pause')
    await text(page, '#download .state', /producer stopped: nobody reads/)
    const [made, read] = [await amount(page, '#download .far-value'), await amount(page, '#download .near-value')]
    await watch(page, 6)
    expect(await amount(page, '#download .far-value')).toBe(made)
    expect(await amount(page, '#download .near-value')).toBe(read)
    const { held, peak, bound } = await gauge(page, '#download')
    expect(held).toBeGreaterThan(0)
    expect(peak).toBeLessThanOrEqual(bound)
    await page.click('#download-pause')
    await watch(page, 8)
    expect(await amount(page, '#download .near-value')).toBeGreaterThan(read)
    expect((await gauge(page, '#download')).peak).toBeLessThanOrEqual(bound)
    await page.click('#download-stop')
    await text(page, '#download .state', /cancelled/)
    await text(page, '#download .held-value', /^0\.0 KiB$/)
  })
})

describe('the upload', () => {
  it('is as fast as its slider is set, and the server holds no more than one read', async () => {
    const page = await browser.open(address)
    await text(page, '#link', /^connected$/)
    await setSlider(page, '#speed', 18)
    await page.click('#upload-start')
    await text(page, '#upload .state', /socket paused/)
    const slow = await progress(page)
    await setSlider(page, '#speed', 23)
    await watch(page, 2)
    const fast = await progress(page)
    expect(slow).toBeLessThan(MIB)
    expect(fast).toBeGreaterThan(3 * slow)
    const { peak, bound } = await gauge(page, '#upload')
    expect(peak).toBeGreaterThan(0)
    expect(peak).toBeLessThanOrEqual(bound)
    await setSlider(page, '#speed', 24)
    await text(page, '#upload .state', /done/)
    await text(page, '#upload .held-value', /^0\.0 KiB$/)
  })

  /** The number of bytes that the consumer processes within a second. */
  async function progress(page: Page): Promise<number> {
    const before = await amount(page, '#upload .near-value')
    await watch(page, 4)
    return await amount(page, '#upload .near-value') - before
  }
})

describe('the page', () => {
  it('works by keyboard', async () => {
    const page = await browser.open(address)
    const focused = (): Promise<string> => page.evaluate('document.activeElement.id')
    const reached: string[] = []
    for (let presses = 0; presses < 10; presses++) {
      await page.keyboard.press('Tab')
      reached.push(await focused())
    }
    expect(reached).toEqual(expect.arrayContaining(['lines', 'name', 'text', 'speed', 'upload-start', 'file', 'pace']))
    await page.focus('#speed')
    await page.keyboard.press('ArrowRight')
    expect(await page.locator('#speed-value').innerText()).toBe('1.41 MiB/s')
  })

  it.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
    ['phone', { colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }],
    ['phone-dark', { colorScheme: 'dark', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }],
  ] as const)('fits in: %s', async (name, options) => {
    const page = await browser.open(address, options)
    await text(page, '#link', /^connected$/)
    await setSlider(page, '#speed', 21)
    await page.click('#upload-start')
    await page.click('#download-start')
    await page.fill('#text', 'Hello from a page')
    await page.press('#text', 'Enter')
    await watch(page, 8)
    await page.click('#download-pause')
    await text(page, '#download .state', /producer stopped/)
    await keepScreenshot(page, name)
    const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
    expect(widths).toEqual([options.viewport.width, options.viewport.width])
  })
})
