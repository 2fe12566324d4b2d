/**
 * A response of many small chunks, as the sources that applications have: the same for all servers.
 */

/** How many chunks a response has. */
export const COUNT = 1_000
/** Each of them. */
export const CHUNK = new TextEncoder().encode('a row of a table, or a few words\n')

function* iterable(): Generator<Uint8Array> {
  for (let left = COUNT; left > 0; left--) yield CHUNK
}

// eslint-disable-next-line @typescript-eslint/require-await -- it is asynchronous for its consumer
async function* generator(): AsyncGenerator<Uint8Array> {
  for (let left = COUNT; left > 0; left--) yield CHUNK
}

function web(): ReadableStream<Uint8Array> {
  let left = COUNT
  return new ReadableStream({
    pull: controller => {
      if (left-- > 0) controller.enqueue(CHUNK)
      else controller.close()
    },
  })
}

/** The sources, by scenario. Each call makes one. */
export const smallChunks = { 'chunks-iterable': iterable, 'chunks-generator': generator, 'chunks-web': web }
