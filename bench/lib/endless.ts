/**
 * Endless responses, one for each form of a source.
 */
import { interval, map, share, timer, type Observable } from 'rxjs'
import { pulled, type Chunk, type Overflow, type Reply } from 'httprx'

const SIZE = 64 * 1024

/** New bytes for each chunk, as real sources make them, so that held chunks take memory. */
const chunk = (): Chunk => new Uint8Array(SIZE).fill(120)

export function* generated(): Generator<Chunk> {
  for (;;) yield chunk()
}

async function* generatedLater(): AsyncGenerator<Chunk> {
  for (;;) yield await Promise.resolve(chunk())
}

/**
 * Pushes 100 chunks a second, which makes 6.4 MB of garbage, whether anybody takes them or not; all clients see the
 * same ones.
 */
export const pushed$ = interval(10).pipe(map(chunk), share())

function driven(ready$: Observable<number>): Observable<Chunk> {
  return ready$.pipe(map(chunk))
}

export function streamed(): ReadableStream<Chunk> {
  return new ReadableStream({ pull: controller => { controller.enqueue(chunk()) } })
}

const pushed = (overflow: Overflow) => (): Reply => ({ body: pushed$, overflow })

/** The replies, by name. */
export const endless: Readonly<Record<string, () => Reply>> = {
  'generator': () => ({ body: generated() }),
  'async generator': () => ({ body: generatedLater() }),
  'ReadableStream': () => ({ body: streamed() }),
  'pulled': () => ({ body: pulled(() => [chunk()]) }),
  'pulled, slow pages': () => ({ body: pulled(() => timer(5).pipe(map(() => [chunk()]))) }),
  'ready$-driven': () => ({ body: driven }),
  'Observable, error': pushed('error'),
  'Observable, dropNewest': pushed('dropNewest'),
  'Observable, dropOldest': pushed('dropOldest'),
  'Observable, latest': pushed('latest'),
  'Observable, disconnect': pushed('disconnect'),
  'Observable, bufferBytes 1 MiB': pushed({ bufferBytes: 2 ** 20 }),
}
