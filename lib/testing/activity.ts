/**
 * Tracks the asynchronous work of the code under test: promises, real timers and I/O.
 *
 * Strategy: Node's `async_hooks` report every asynchronous resource when it is made, with the stack of its creator.
 * Promises are counted: while the count grows, ready promises have not all settled. Other resources are recorded with
 * their call site and the request whose handler started them, so that a failure can name them. `fetch` opens its
 * sockets later, so it is recorded as a call. On a runtime without hooks (`isTold` is false), only `fetch` is recorded.
 *
 * Virtual time never lets the event loop turn, so recorded work is still pending unless it was cleared.
 */
import { AsyncLocalStorage, createHook, type AsyncHook } from 'node:async_hooks'
import { callSite } from './call-site.js'
import { Replacements } from './replacements.js'

/** Real work that is pending. */
interface Work {
  readonly what: string
  readonly site: string | null
  readonly owner: string | undefined
  readonly resource: { readonly _destroyed?: boolean }
}

/** The internal fields of Node's timers. */
interface Timer {
  readonly _idleTimeout: number
  readonly _repeat?: number | null
}

/** Resources of promises and of the tick queue, which run before the event loop continues. */
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

/** The request whose handler runs. One store for all tests, because each store in use slows down every promise. */
const OWNERS = new AsyncLocalStorage<string>()

/** Tracks asynchronous work between `start` and `stop`. */
export class Activity {
  /** The number of promises and tick callbacks made so far. */
  count: number
  /** Whether the runtime supports `async_hooks`. */
  isTold: boolean
  /** Called, within the code under test, when the count reaches {@link alarmAt}. */
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

  /** Drops the records so far. */
  forget(): void {
    this.works.length = 0
  }

  /** Sets the alarm to `count` more from now. */
  alarmAfter(count: number): void {
    this.alarmAt = this.count + count
  }

  /** Runs the kit's own work untracked. */
  unwatched<T>(run: () => T): T {
    this.isOwn = true
    const result = run()
    this.isOwn = false
    return result
  }

  /** Attributes further work in the current context to the owner: the handler of a request. */
  own(owner: string): void {
    OWNERS.enterWith(owner)
  }

  /** Calls the function; what it starts, now or later, is attributed to the owner. */
  ownedBy(owner: string, run: () => void): void {
    OWNERS.run(owner, run)
  }

  /** The owner of the code that runs. */
  get owner(): string | undefined {
    return OWNERS.getStore()
  }

  /**
   * Returns a sentence for each pending work, of one owner if it is given. Only the first resource of a call is named,
   * and resources without a call site only if there are no others: they were made by one with a call site.
   */
  pending(of?: string): string[] {
    const open = this.works.filter(({ owner, resource }) => {
      return resource._destroyed !== true && (of === undefined || owner === of)
    })
    const placed = open.filter(({ site }) => site !== null)
    const sentences = new Map<string, string>()
    for (const { owner = 'The test', what, site } of placed.length > 0 ? placed : open) {
      const key = `${owner} ${site ?? what}`
      const place = site === null ? '' : ` called at ${site}`
      if (!sentences.has(key)) sentences.set(key, `${owner} waits for ${what}${place}`)
    }
    return [...sentences.values()]
  }

  /** Records a call under a name until its promise settles. */
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
