/**
 * The display of a transfer: the progress of both sides, the bytes that the server holds, and a slider for the speed.
 */
import { bytes, kibibytes, rate } from './units.js'

/** How many times in a row a status must be reported before it is shown. */
const SETTLED = 3
export const find = (root, selector) => root.querySelector(selector)

/** The progress bars, gauge and status of one transfer. */
export class Meters {
  constructor(panel, names) {
    const place = find(panel, '.meters')
    place.append(document.getElementById('meters-template').content.cloneNode(true))
    this.place = place
    this.state = find(place, '.state')
    this.candidate = ''
    this.times = 0
    find(place, '.far-label').textContent = names.far
    find(place, '.near-label').textContent = names.near
    find(place, '[role=progressbar]').setAttribute('aria-label', names.near)
    this.showProgress(0, 0, 0)
  }

  say(text, isHeldUp = false) {
    this.candidate = text
    this.state.classList.toggle('held-up', isHeldUp)
    // Screen readers announce a text each time it is set.
    if (this.state.textContent !== text) this.state.textContent = text
  }

  /** Shows the status once it is stable: a text that changes many times a second is unreadable. */
  sayIfSettled(text, isHeldUp) {
    this.times = text === this.candidate ? this.times + 1 : 0
    this.candidate = text
    if (this.times >= SETTLED) this.say(text, isHeldUp)
  }

  /** Shows the progress of the sender (`far`) and of the receiver (`near`); the difference is in transit. */
  showProgress(far, near, total) {
    const { place } = this
    find(place, '.far-value').textContent = bytes(far)
    find(place, '.near-value').textContent = total === 0 ? bytes(near) : `${bytes(near)} of ${bytes(total)}`
    fill(find(place, '.far'), far / total)
    fill(find(place, '.near'), near / total)
    const percent = Math.round(100 * near / total) || 0
    find(place, '[role=progressbar]').setAttribute('aria-valuenow', percent)
  }

  showHeld({ held, peak, bound }) {
    const { place } = this
    const gauge = find(place, '.gauge')
    find(place, '.held-value').textContent = kibibytes(held)
    find(place, '.peak-value').textContent = `peak ${kibibytes(peak)}`
    find(place, '.bound-value').textContent = `bound ${bytes(bound)}`
    fill(find(place, '.held'), 0.8 * held / bound)
    gauge.setAttribute('aria-valuemax', bound)
    gauge.setAttribute('aria-valuenow', held)
    gauge.setAttribute('aria-valuetext', `${kibibytes(held)} of at most ${bytes(bound)}`)
    Object.assign(gauge.dataset, { held, peak, bound })
  }
}

function fill(bar, share) {
  bar.style.transform = `scaleX(${Math.min(1, share || 0)})`
}

/** Sets up a slider of powers of two and the text beside it. Returns a function that reads its value. */
export function slider(input, output) {
  const value = () => Math.round(2 ** Number(input.value))
  const show = () => {
    output.textContent = rate(value())
    input.setAttribute('aria-valuetext', rate(value()))
  }
  input.addEventListener('input', show)
  show()
  return value
}
