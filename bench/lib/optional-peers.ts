/**
 * Optional peers: measured if they are installed, else named.
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Scenario } from './scenario.js'

interface OptionalPeer {
  readonly title: string
  /** The scenarios in which it is measured. */
  readonly scenarios: readonly Scenario[]
  /** The way to install it. */
  readonly source: string
  isInstalled(): boolean
}

/** The peers whose WebSocket servers are measured. */
const MESSAGES: readonly Scenario[] = ['websocket', 'messages-1', 'messages-10']

const runs = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0

const optionalPeers: Readonly<Record<string, OptionalPeer>> = {
  'httpaf': {
    title: 'http/af in OCaml',
    scenarios: ['hello', 'echo'],
    source: 'opam install httpaf-lwt-unix',
    isInstalled: () => runs('ocamlfind', 'query', 'httpaf-lwt-unix'),
  },
  'nginx': {
    title: 'nginx',
    scenarios: ['hello'],
    source: 'apt-get install nginx-light',
    isInstalled: () => runs('nginx', '-v'),
  },
  'go': {
    title: 'Go net/http',
    scenarios: ['hello', 'echo'],
    source: 'apt-get install golang-go',
    isInstalled: () => runs('go', 'version'),
  },
  'bun': {
    title: 'Bun',
    scenarios: MESSAGES,
    source: 'npm install -g bun',
    isInstalled: () => runs('bun', '--version'),
  },
  'deno': {
    title: 'Deno',
    scenarios: MESSAGES,
    source: 'https://deno.com',
    isInstalled: () => runs('deno', '--version'),
  },
  'uwebsockets': {
    title: 'uWebSockets.js',
    scenarios: ['hello'],
    source: 'npm install uNetworking/uWebSockets.js',
    isInstalled: () => {
      try {
        return createRequire(import.meta.url).resolve('uWebSockets.js') !== ''
      } catch {
        return false
      }
    },
  },
}

/** The optional peers of a scenario: the names of those installed, and what to install for the others. */
export function optionalPeersOf(scenario: Scenario): { readonly present: readonly string[]; readonly absent: string } {
  // Their processor time is read from Linux's /proc.
  const all = process.platform === 'linux' ? Object.entries(optionalPeers) : []
  const known = all.filter(([, { scenarios }]) => scenarios.includes(scenario))
  const absent = known.filter(([, peer]) => !peer.isInstalled())
  return {
    present: known.filter(entry => !absent.includes(entry)).map(([name]) => name),
    absent: absent.map(([, { title, source }]) => `${title} (${source})`).join(', '),
  }
}
