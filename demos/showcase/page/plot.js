/**
 * The plot of both directions over the last half minute, on a canvas.
 */
import { rate } from './units.js'

const SECONDS = 30
const MARGIN = { top: 10, right: 4, bottom: 22, left: 74 }
/** The least upper end of the scale, in bytes a second. */
const LEAST = 64 * 1024

/** A plot of bytes a second. */
export class Plot {
  constructor(canvas) {
    this.canvas = canvas
    this.samples = []
    this.top = LEAST
    this.colours = {}
    this.readColours()
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.readColours()
      this.draw()
    })
    new ResizeObserver(() => { this.draw() }).observe(canvas)
  }

  /** Adds a sample at the current time. */
  add({ received, sent }) {
    const time = performance.now() / 1000
    this.samples.push({ time, received, sent })
    while (this.samples[0].time < time - SECONDS - 1) this.samples.shift()
    this.canvas.dataset.samples = String(Number(this.canvas.dataset.samples ?? 0) + 1)
    this.draw()
  }

  draw() {
    const { canvas } = this
    const { clientWidth: width, clientHeight: height } = canvas
    const context = canvas.getContext('2d')
    canvas.width = Math.round(width * devicePixelRatio)
    canvas.height = Math.round(height * devicePixelRatio)
    context.scale(devicePixelRatio, devicePixelRatio)
    const box = {
      left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom,
    }
    this.top = topOf(this.samples)
    this.drawScale(context, box)
    this.drawLine(context, box, 'received')
    this.drawLine(context, box, 'sent')
  }

  drawScale(context, box) {
    const { soft, line, mono } = this.colours
    context.font = `12px ${mono}`
    context.textBaseline = 'middle'
    context.lineWidth = 1
    for (let i = 0; i <= 4; i++) {
      const y = Math.round(box.bottom - (box.bottom - box.top) * i / 4) + 0.5
      context.strokeStyle = line
      stroke(context, [[box.left, y], [box.right, y]])
      context.fillStyle = soft
      context.textAlign = 'right'
      if (i % 2 === 0) context.fillText(i === 0 ? '0' : rate(this.top * i / 4), box.left - 8, y)
    }
    context.textBaseline = 'alphabetic'
    for (let seconds = 0; seconds <= SECONDS; seconds += 10) {
      const x = box.right - (box.right - box.left) * seconds / SECONDS
      context.textAlign = seconds === 0 ? 'right' : seconds === SECONDS ? 'left' : 'center'
      context.fillText(seconds === 0 ? 'now' : `−${seconds} s`, x, box.bottom + 17)
    }
  }

  drawLine(context, box, name) {
    if (this.samples.length < 2) return
    const now = this.samples.at(-1).time
    const points = this.samples.map(sample => [
      box.right - (box.right - box.left) * (now - sample.time) / SECONDS,
      box.bottom - (box.bottom - box.top) * sample[name] / this.top,
    ])
    context.save()
    context.beginPath()
    context.rect(box.left, 0, box.right - box.left, box.bottom + 2)
    context.clip()
    context.strokeStyle = this.colours[name]
    context.lineWidth = 2
    context.lineJoin = 'round'
    // The lines differ not by colour alone: sent bytes are dashed.
    context.setLineDash(name === 'sent' ? [7, 3] : [])
    stroke(context, points)
    context.restore()
  }

  readColours() {
    const style = getComputedStyle(document.documentElement)
    const colour = name => style.getPropertyValue(`--${name}`).trim()
    this.colours = {
      soft: colour('soft'),
      line: colour('line'),
      mono: colour('mono'),
      received: colour('receive'),
      sent: colour('send'),
    }
  }
}

/** Returns the upper end of the scale: a power of two above all samples. */
function topOf(samples) {
  const most = samples.reduce((top, { received, sent }) => Math.max(top, received, sent), LEAST)
  return 2 ** Math.ceil(Math.log2(most))
}

function stroke(context, points) {
  context.beginPath()
  for (const [x, y] of points) context.lineTo(x, y)
  context.stroke()
}
