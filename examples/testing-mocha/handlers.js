/**
 * The handlers under test, with promises, async generators, web streams and timers as in real code.
 */
import { firstValueFrom, from, timer } from 'rxjs'
import { sse } from 'httprx/sse'

/** Responds once it has the whole body and the answer of another service to it. */
export const shout = ask => async reqd => {
  const text = await reqd.body.text()
  const answer = await ask(text)
  return { body: answer.toUpperCase() }
}

/** The time of day, once a second, from an async generator; it ends when the client does. */
export const seconds = log => () => {
  const ticks = async function* () {
    try {
      for (let second = 1; ; second++) {
        await new Promise(resolve => { setTimeout(resolve, 1000) })
        yield `${second} s\n`
      }
    } finally {
      log('over')
    }
  }
  return { body: ticks() }
}

/** Responds with the body of a Fetch response, through a web stream. */
export const relayed = async () => {
  const response = new Response('relayed')
  return { status: response.status, body: response.body.pipeThrough(new TransformStream()) }
}

/** Waits until the client leaves. */
export const patient = log => async reqd => {
  await new Promise(resolve => { reqd.signal.addEventListener('abort', resolve) })
  log(reqd.signal.reason.name)
}

/** News as Server-Sent Events, from promises that wait for timers of RxJS. */
export const news = () => sse(from((async function* () {
  await firstValueFrom(timer(2000))
  yield { id: '1', data: 'first' }
})()))

/** A WebSocket that replies asynchronously. */
export const echo = socket => {
  socket.messages$.subscribe(async message => {
    await Promise.resolve()
    socket.next(message)
  })
}
