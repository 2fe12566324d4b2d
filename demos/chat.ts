/**
 * A chat room: one Subject, and a WebSocket for each guest. Open the page in two windows.
 *
 * A browser that is too slow misses the oldest messages; it cannot make the server buffer more.
 *
 *     npm run demo -- chat
 *     open http://localhost:8080 twice
 */
import { Subject } from 'rxjs'
import { serve, type Reply, type Reqd } from 'httprx'
import { isWebSocketRequest, upgradeWebSocket } from 'httprx/ws'

const room = new Subject<string>()
let guests = 0

/** Connects a guest with the room: the guest's messages go to the room, the room's messages to the guest. */
function enter(reqd: Reqd): void {
  const guest = upgradeWebSocket(reqd, { maxPayload: 1024 })
  if (guest.isClosed) return
  const name = `guest ${++guests}`
  guest.next(`You are ${name}.`)
  guest.send(room, { overflow: 'dropOldest' })
  room.next(`${name} comes in`)
  guest.messages$.subscribe({
    next: message => { room.next(`${name}: ${message.toString()}`) },
    complete: () => { room.next(`${name} leaves`) },
  })
}

const page: Reply = {
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html>
<html lang="en"><title>Chat</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<form><input autofocus maxlength="250" placeholder="Say something" aria-label="message"></form>
<ol style="overflow-wrap: anywhere"></ol>
<script>
  const socket = new WebSocket(location.href.replace('http', 'ws'))
  const [form, input, list] = ['form', 'input', 'ol'].map(name => document.querySelector(name))
  socket.onmessage = ({ data }) => list.prepend(Object.assign(document.createElement('li'), { textContent: data }))
  form.onsubmit = event => {
    event.preventDefault()
    socket.send(input.value)
    form.reset()
  }
</script>`,
}

const server = serve(reqd => isWebSocketRequest(reqd) ? enter(reqd) : page, {
  host: 'localhost',
  port: Number(process.env['PORT'] ?? 8080),
})
process.once('SIGTERM', () => void server.close())
await server.listening
console.log(server.url)
