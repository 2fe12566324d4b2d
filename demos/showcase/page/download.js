/**
 * The download: a reader with a set speed, which can be paused.
 */
import { find, Meters, slider } from './meters.js'

/** Sets up the download's panel. Returns a function that shows the server's report on the transfer. */
export function setUpDownload(panel, page) {
  const meters = new Meters(panel, { far: 'Made by the producer', near: 'Read by this page' })
  const [start, pause, stop] = ['start', 'pause', 'stop'].map(name => find(panel, `#download-${name}`))
  const reader = new Reader(slider(find(panel, '#pace'), find(panel, '#pace-value')))

  function show() {
    start.disabled = reader.isRunning
    pause.disabled = stop.disabled = !reader.isRunning
    pause.setAttribute('aria-pressed', String(reader.isPaused))
    pause.textContent = reader.isPaused ? 'Reader paused' : 'Pause the reader'
  }

  start.addEventListener('click', async () => {
    const ended = reader.run(`/download?page=${page}`)
    meters.say('under way')
    show()
    meters.say(await ended)
    show()
  })
  pause.addEventListener('click', () => {
    reader.isPaused ? reader.resume() : reader.pause()
    show()
  })
  stop.addEventListener('click', () => { reader.cancel() })

  return transfer => {
    meters.showProgress(transfer.done, reader.count, transfer.total)
    meters.showHeld(transfer)
    if (!reader.isRunning) return
    if (!transfer.isPaused) meters.sayIfSettled('under way', false)
    else if (reader.isPaused) meters.sayIfSettled('producer stopped: nobody reads', true)
    else meters.sayIfSettled('producer waits: enough is on its way', true)
  }
}

/** Reads one response at a time, at the speed that `pace` returns, and not at all while it is paused. */
class Reader {
  constructor(pace) {
    this.pace = pace
    this.count = 0
    this.isPaused = false
    this.isRunning = false
    this.abort = null
    this.goOn = null
  }

  /** Reads the whole response. Resolves with the outcome, as text. */
  async run(address) {
    this.abort = new AbortController()
    this.isRunning = true
    this.count = 0
    try {
      const { body } = await fetch(address, { signal: this.abort.signal })
      await this.readAll(body.getReader())
      return 'done'
    } catch {
      return this.abort.signal.aborted ? 'cancelled' : 'failed'
    } finally {
      this.isRunning = false
      this.isPaused = false
    }
  }

  pause() {
    this.isPaused = true
  }

  resume() {
    this.isPaused = false
    this.goOn?.()
  }

  cancel() {
    this.abort.abort()
    this.resume()
  }

  async readAll(reader) {
    for (let result = await reader.read(); !result.done; result = await reader.read()) {
      const { length } = result.value
      this.count += length
      await new Promise(resolve => { setTimeout(resolve, 1000 * length / this.pace()) })
      if (this.isPaused) await new Promise(resolve => { this.goOn = resolve })
    }
  }
}
