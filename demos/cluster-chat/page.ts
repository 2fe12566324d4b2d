/**
 * The page of the chat. EventSource reconnects by itself, with the id of the last message.
 */
export const PAGE = `<!doctype html>
<html lang="en"><title>Chat across processes</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<form><input autofocus maxlength="250" placeholder="Say something" aria-label="message"></form>
<ol style="overflow-wrap: anywhere"></ol>
<script>
  const messages = new EventSource('/messages')
  const [form, input, list] = ['form', 'input', 'ol'].map(name => document.querySelector(name))
  const show = text => list.prepend(Object.assign(document.createElement('li'), { textContent: text }))
  messages.onmessage = ({ data }) => show(data)
  messages.addEventListener('gap', () => show('Some messages are gone.'))
  form.onsubmit = event => {
    event.preventDefault()
    fetch('/messages', { method: 'POST', body: input.value })
    form.reset()
  }
</script>
</html>
`
