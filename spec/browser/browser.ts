/**
 * Chromium for the browser tests: Debian's, without a display, and without asking anything but the server under test.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { ROOT } from '../helpers/built.js'

/** Where Debian's package has it. */
const CHROMIUM = '/usr/bin/chromium'
const SCREENSHOTS = join(ROOT, 'dist/screenshots')

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

/** A browser with pages that remember what went wrong in them. */
export class Browser {
  /** Errors on the consoles of all pages, and what their scripts threw. */
  readonly errors: string[] = []
  private readonly contexts: BrowserContext[] = []
  private readonly browser = chromium.launch({ executablePath: CHROMIUM, args: FLAGS })

  /** Opens a page in a profile of its own. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await (await this.browser).newContext(options)
    this.contexts.push(context)
    const page = await context.newPage()
    page.on('console', message => { if (message.type() === 'error') this.errors.push(message.text()) })
    page.on('pageerror', error => { this.errors.push(String(error)) })
    await page.goto(url)
    return page
  }

  /** Closes all pages. */
  async closePages(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map(context => context.close()))
  }

  async close(): Promise<void> {
    await (await this.browser).close()
  }
}

/** Keeps a picture of the page in dist/screenshots, for people to look at. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true })
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
}
