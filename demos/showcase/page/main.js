/**
 * The page: an event stream feeds the figures and the meters; the three panels are independent.
 */
import { setUpChat } from './chat.js'
import { setUpDownload } from './download.js'
import { Plot } from './plot.js'
import { bytes, rate } from './units.js'
import { setUpUpload } from './upload.js'

const page = crypto.randomUUID()
const element = id => document.getElementById(id)
const plot = new Plot(element('plot'))

function showFigures(figures) {
  element('received').textContent = rate(figures.received)
  element('sent').textContent = rate(figures.sent)
  element('memory').textContent = bytes(figures.memory)
  for (const name of ['requests', 'connections', 'pauses']) {
    element(name).textContent = figures[name].toLocaleString('en')
  }
  plot.add(figures)
}

function showLink(text, isLive) {
  element('link').textContent = text
  element('link').classList.toggle('live', isLive)
}

const events = new EventSource(`/events?page=${page}`)
const listen = (name, show) => events.addEventListener(name, ({ data }) => { show(JSON.parse(data)) })
events.onerror = () => { showLink('connection lost, trying again', false) }
events.onopen = () => {
  showLink('connected', true)
  // The server knows this page only now, so the speed is sent again.
  element('speed').dispatchEvent(new Event('input'))
}

listen('figures', showFigures)
listen('upload', setUpUpload(element('upload'), page))
listen('download', setUpDownload(element('download'), page))
setUpChat(document.querySelector('.chat'))
