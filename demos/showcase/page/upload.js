/**
 * The upload: the file that the browser sends, and the speed of the server's consumer.
 */
import { find, Meters, slider } from './meters.js'

const UPLOAD_BYTES = 32 * 1024 * 1024

/** Sets up the upload's panel. Returns a function that shows the server's report on the transfer. */
export function setUpUpload(panel, page) {
  const meters = new Meters(panel, { far: 'Handed over by the browser', near: 'Taken in by the consumer' })
  const [start, stop, file] = ['#upload-start', '#upload-stop', '#file'].map(selector => find(panel, selector))
  let request = null
  let handedOver = 0

  const input = find(panel, '#speed')
  const speed = slider(input, find(panel, '#speed-value'))
  input.addEventListener('input', () => { void fetch(`/speed?page=${page}&speed=${speed()}`, { method: 'PUT' }) })

  function setRunning(isRunning) {
    start.disabled = file.disabled = isRunning
    stop.disabled = !isRunning
  }

  function send(content) {
    request = new XMLHttpRequest()
    handedOver = 0
    request.upload.onprogress = event => { handedOver = event.loaded }
    request.onload = () => { meters.say(request.status === 204 ? 'done' : 'refused') }
    request.onerror = () => { meters.say('failed') }
    request.onabort = () => { meters.say('cancelled') }
    request.onloadend = () => {
      request = null
      setRunning(false)
    }
    request.open('POST', `/upload?page=${page}`)
    request.send(content)
    meters.say('under way')
    setRunning(true)
  }

  start.addEventListener('click', () => { send(new Blob([new Uint8Array(UPLOAD_BYTES)])) })
  file.addEventListener('change', () => { if (file.files.length > 0) send(file.files[0]) })
  stop.addEventListener('click', () => request?.abort())

  return transfer => {
    meters.showProgress(handedOver, transfer.done, transfer.total)
    meters.showHeld(transfer)
    if (request === null) return
    if (transfer.isPaused) meters.sayIfSettled('socket paused: the consumer is at work', true)
    else meters.sayIfSettled('under way', false)
  }
}
