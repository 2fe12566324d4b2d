/**
 * The chat: one WebSocket, which is reopened when it breaks.
 */
const AGAIN_MS = 1500

/** Sets up the chat's panel. */
export function setUpChat(panel) {
  const lines = panel.querySelector('#lines')
  const people = panel.querySelector('#people')
  const name = panel.querySelector('#name')
  const text = panel.querySelector('#text')
  let socket = null

  function connect() {
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/chat`)
    socket.onopen = () => { lines.replaceChildren() }
    socket.onmessage = ({ data }) => { show(JSON.parse(data)) }
    socket.onclose = () => {
      people.textContent = 'not connected'
      setTimeout(connect, AGAIN_MS)
    }
  }

  function show(message) {
    if (message.people === undefined) showLine(message)
    else people.textContent = message.people === 1 ? 'only you are here' : `${message.people} pages are here`
  }

  function showLine(line) {
    const wasAtEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40
    const item = document.createElement('li')
    const who = document.createElement('b')
    who.textContent = line.name
    item.classList.toggle('mine', line.name === name.value.trim())
    item.append(who, line.text)
    lines.append(item)
    if (wasAtEnd) lines.scrollTop = lines.scrollHeight
  }

  panel.querySelector('form').addEventListener('submit', event => {
    event.preventDefault()
    if (text.value.trim() === '' || socket.readyState !== WebSocket.OPEN) return
    socket.send(JSON.stringify({ name: name.value, text: text.value }))
    text.value = ''
    text.focus()
  })

  name.value = `guest ${Math.floor(Math.random() * 900) + 100}`
  connect()
}
