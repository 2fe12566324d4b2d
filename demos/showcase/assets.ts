/**
 * The page, from memory: nothing that a client sends becomes a path.
 */
import { readFileSync } from 'node:fs'
import { Headers, type Reply } from 'httprx'

const TYPES: Readonly<Record<string, string>> = {
  '/index.html': 'text/html; charset=utf-8',
  '/style.css': 'text/css; charset=utf-8',
  '/main.js': 'text/javascript; charset=utf-8',
  '/plot.js': 'text/javascript; charset=utf-8',
  '/meters.js': 'text/javascript; charset=utf-8',
  '/upload.js': 'text/javascript; charset=utf-8',
  '/download.js': 'text/javascript; charset=utf-8',
  '/chat.js': 'text/javascript; charset=utf-8',
  '/units.js': 'text/javascript; charset=utf-8',
  '/icon.svg': 'image/svg+xml',
}

const ASSETS = new Map(Object.entries(TYPES).map(([path, type]): [string, Reply] => [path, {
  headers: Headers.of({
    'content-type': type,
    'cache-control': 'no-cache',
    'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    'x-content-type-options': 'nosniff',
  }),
  body: readFileSync(new URL(`page${path}`, import.meta.url)),
}]))

/** The reply to a request for this path: a file of the page, or 404. */
export function asset(path: string): Reply {
  return ASSETS.get(path === '/' ? '/index.html' : path) ?? { status: 404, body: 'There is nothing here.\n' }
}
