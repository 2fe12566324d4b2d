/**
 * What the code under test has begun: how much it waits for promises, and which real timers and I/O it waits for.
 *
 * Strategy: Node tells of everything asynchronous when it is made (`async_hooks`), with the stack of whoever makes it.
 * Promises are counted: as long as the count grows, promises that are ready have not settled. The rest is kept with the
 * place of its call and the request in whose handler it was begun, so that a failure can name it. A `fetch` makes its
 * sockets later, and is kept as a call. Where the runtime does not tell (`isTold`), only that is named.
 *
 * Virtual time never lets the event loop turn. So whatever is kept here is still waited for, unless it was cleared.
 */
import { AsyncLocalStorage, createHook, type AsyncHook } from 'node:async_hooks'
import { callSite } from './call-site.js'
import { Replacements } from './replacements.js'

/** Real work that is not over. */
interface Work {
  readonly what: string
  readonly site: string | null
  readonly owner: string | undefined
  readonly resource: { readonly _destroyed?: boolean }
}

/** A timer, as Node makes it. */
interface Timer {
  readonly _idleTimeout: number
  readonly _repeat?: number | null
}

/** What Node makes of promises and of its own queue of callbacks: it is done before the event loop goes on. */
const PROMISED = new Set(['PROMISE', 'TickObject', 'Microtask'])

const KINDS: Readonly<Partial<Record<string, string>>> = {
  Immediate: 'setImmediate',
  FSREQCALLBACK: 'a file', FSREQPROMISE: 'a file', FSEVENTWRAP: 'a file', STATWATCHER: 'a file',
  TCPWRAP: 'a socket', TCPCONNECTWRAP: 'a socket', TCPSERVERWRAP: 'a server', TLSWRAP: 'a socket',
  PIPEWRAP: 'a socket', PIPECONNECTWRAP: 'a socket', PIPESERVERWRAP: 'a server', UDPWRAP: 'a socket',
  GETADDRINFOREQWRAP: 'a DNS lookup', GETNAMEINFOREQWRAP: 'a DNS lookup', QUERYWRAP: 'a DNS lookup',
  PROCESSWRAP: 'a process', WORKER: 'a worker', MESSAGEPORT: 'a message port', ZLIB: 'compression',
  PBKDF2REQUEST: 'cryptography', SCRYPTREQUEST: 'cryptography', RANDOMBYTESREQUEST: 'cryptography',
  HASHREQUEST: 'cryptography', DERIVEBITSREQUEST: 'cryptography', CIPHERREQUEST: 'cryptography',
  SIGNREQUEST: 'cryptography', KEYGENREQUEST: 'cryptography', KEYPAIRGENREQUEST: 'cryptography',
  FIXEDSIZEBLOBCOPY: 'a Blob', BLOBREADER: 'a Blob',
}

/** In whose handler something is begun. One for all tests: each that was ever used costs each promise a little. */
const OWNERS = new AsyncLocalStorage<string>()

/** Watches what is begun, from the call of `start` to the call of `stop`. */
export class Activity {
  /** How much was begun that is done before the event loop goes on. */
  count: number
  /** Whether the runtime tells. */
  isTold: boolean
  /** Called, within whatever goes on, at the count that {@link alarmAt} says. */
  private readonly alarm: () => void
  private readonly hook: AsyncHook
  private readonly works: Work[]
  private readonly replacements: Replacements
  private alarmAt: number
  private isOwn: boolean

  constructor(alarm: () => void) {
    this.count = 0
    this.isTold = false
    this.alarm = alarm
    this.hook = createHook({ init: (_, type, __, resource) => { this.begun(type, resource) } })
    this.works = []
    this.replacements = new Replacements()
    this.alarmAt = Infinity
    this.isOwn = false
  }

  start(): void {
    this.hook.enable()
    void Promise.resolve()
    this.isTold = this.count > 0
    const { fetch } = globalThis
    this.replacements.replaceAll(globalThis, {
      fetch: (...args: Parameters<typeof fetch>) => this.named(`fetch of ${urlOf(args[0])}`, () => fetch(...args)),
    })
  }

  stop(): void {
    this.hook.disable()
    OWNERS.disable()
    this.replacements.undo()
  }

  /** Forgets what was begun so far. */
  forget(): void {
    this.works.length = 0
  }

  /** Sets the alarm to so many from now. */
  alarmAfter(count: number): void {
    this.alarmAt = this.count + count
  }

  /** Does something that is not the code under test's. */
  unwatched<T>(run: () => T): T {
    this.isOwn = true
    const result = run()
    this.isOwn = false
    return result
  }

  /** From here on, what is begun in the current context is begun by the owner: the handler of a request. */
  own(owner: string): void {
    OWNERS.enterWith(owner)
  }

  /** Whose code runs. */
  get owner(): string | undefined {
    return OWNERS.getStore()
  }

  /**
   * Returns what is not over, a sentence each. Of what one call begins, that is the first; what has no place was begun
   * by something that has one.
   */
  pending(): string[] {
    const open = this.works.filter(({ resource }) => resource._destroyed !== true)
    const placed = open.filter(({ site }) => site !== null)
    const sentences = new Map<string, string>()
    for (const { owner = 'The test', what, site } of placed.length > 0 ? placed : open) {
      const key = `${owner} ${site ?? what}`
      const place = site === null ? '' : ` called at ${site}`
      if (!sentences.has(key)) sentences.set(key, `${owner} waits for ${what}${place}`)
    }
    return [...sentences.values()]
  }

  /** Names a call that is waited for, until it is settled. */
  named<T>(what: string, call: () => Promise<T>): Promise<T> {
    const resource = { _destroyed: false }
    this.kept(what, resource)
    const settled = (): void => { resource._destroyed = true }
    const promise = call()
    promise.then(settled, settled)
    return promise
  }

  private begun(type: string, resource: object): void {
    if (this.isOwn) return
    if (PROMISED.has(type)) this.counted()
    else this.kept(type === 'Timeout' ? timerText(resource as Timer) : KINDS[type], resource)
  }

  private counted(): void {
    this.count++
    if (this.count === this.alarmAt) this.alarm()
  }

  private kept(what: string | undefined, resource: object): void {
    if (what !== undefined) this.works.push({ what, site: callSite(), owner: this.owner, resource })
  }
}

function urlOf(input: Parameters<typeof fetch>[0]): string {
  return input instanceof Request ? input.url : String(input)
}

function timerText({ _idleTimeout, _repeat }: Timer): string {
  return `${typeof _repeat === 'number' ? 'setInterval' : 'setTimeout'} of ${_idleTimeout} ms`
}
