/**
 * The same frames each time: as many runs as `MARBLE_RUNS` says (100 unless given), while other threads keep all
 * processors busy.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { catchError, firstValueFrom, interval, map, merge, of, take, timer } from 'rxjs'
import type { Handler } from '../../lib/reactive/streamed-reqd.js'
import { get, marblesAsync, post } from '../../lib/testing/index.js'

const RUNS = Number(process.env['MARBLE_RUNS'] ?? 100)

let load: Worker[] = []
beforeAll(() => {
  load = Array.from({ length: availableParallelism() }, () => new Worker('for (;;);', { eval: true }))
})
afterAll(async () => { await Promise.all(load.map(worker => worker.terminate())) })

async function* body(): AsyncGenerator<string> {
  for (let i = 0; i < 3; i++) {
    await new Promise(resolve => setTimeout(resolve, 4))
    yield await new Response(`part ${i} `).text()
  }
}

const handlers: Record<string, Handler> = {
  '/generator': () => ({ body: body() }),
  '/upload': async reqd => ({ body: (await reqd.body.text()).toUpperCase() }),
  '/waits': async () => {
    await Promise.all([firstValueFrom(timer(3)), firstValueFrom(interval(5).pipe(take(1))), Promise.resolve()])
    return { body: 'waited' }
  },
  '/stream': () => ({ body: new ReadableStream<string>({
    pull: async controller => {
      await firstValueFrom(timer(2))
      controller.enqueue('.')
      if (Date.now() > 14) controller.close()
    },
  }, { highWaterMark: 0 }) }),
}

/** One run: the events with their frames, in order. */
async function framesOf(): Promise<string[]> {
  const frames: string[] = []
  await marblesAsync(({ serve }) => {
    const server = serve(reqd => handlers[reqd.target](reqd))
    const clients = [
      server.connect('a', { a: get('/generator') }),
      server.connect('-a-b', { a: post('/upload', 'abcdef').slice(0, -3), b: 'def' }),
      server.connect('(ab)', { a: get('/waits'), b: get('/generator') }),
      server.connect('-a----#', { a: get('/stream') }),
      server.connect('--a', { a: get('/stream') }, { reads: 'x----o' }),
    ]
    const seen = clients.map(client => merge(
      client.output$.pipe(catchError(() => of('cut'))), client.ready$.pipe(map(String)),
      client.pauses$, client.aborts$, client.closed$,
    ).pipe(map(text => `${Date.now()} ${client.address} ${text}`)))
    merge(...seen).subscribe(text => { frames.push(text) })
  }, { timers: 'virtual' })
  return frames
}

it(`${RUNS} runs under load are the same`, async () => {
  const first = await framesOf()
  expect(first.filter(frame => frame.includes('part'))).toHaveLength(6)
  for (let i = 1; i < RUNS; i++) expect(await framesOf()).toEqual(first)
}, 600_000)
