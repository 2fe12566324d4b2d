/**
 * A client with many small pieces never keeps the process from its other connections: a server in a process of its own,
 * and clients that send what no library would.
 */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { assertBuilt } from '../helpers/built.js'
import { Program } from '../helpers/program.js'
import { BINARY, CONTINUATION, frame, part, PING, TEXT } from './frames.js'
import { RawClient } from './raw-client.js'

const KIB = 1024

beforeAll(() => { assertBuilt('esm') })

/** Runs the server during `use`, and returns its output. */
async function serving(use: (port: number) => Promise<void>): Promise<string> {
  const program = new Program('spec/programs/web-socket-turns.js', {}, 60_000)
  try {
    await use(Number(new URL(await program.address()).port))
  } finally {
    await program.stop()
  }
  return program.output
}

/** The server's answer to a client that has sent these pieces, each in its own segment. */
async function toldAfter(port: number, pieces: Iterable<Uint8Array>): Promise<string> {
  const client = new RawClient(port)
  await client.head
  for (const piece of pieces) {
    if (!client.socket.write(piece)) await new Promise(resolve => { client.socket.once('drain', resolve) })
  }
  await client.send(frame(TEXT, 'end'))
  let lines = await client.tell(1)
  while (lines[0].startsWith('pong')) lines = await client.tell(1)
  client.socket.destroy()
  return lines[0]
}

function* bytesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i++) yield bytes.subarray(i, i + 1)
}

describe('a message that comes byte by byte', () => {
  it('takes time in proportion to its bytes, not to their square', async () => {
    const message = frame(BINARY, Buffer.alloc(250_000, 'x'))
    await serving(async port => {
      const clients = Array.from({ length: 4 }, () => toldAfter(port, bytesOf(message)))
      expect(await Promise.all(clients)).toEqual(Array(4).fill('text 1 messages, 250000 bytes'))
    })
  }, 60_000)
})

describe('thousands of the smallest messages in a read', () => {
  const COUNT = 20_000
  const floods: [string, Buffer[], number][] = [
    ['messages', Array<Buffer>(COUNT).fill(frame(TEXT, 'x')), COUNT],
    ['messages in fragments', Array<Buffer[]>(COUNT).fill([part(TEXT, ''), frame(CONTINUATION, 'x')]).flat(), COUNT],
    ['messages between pings', Array<Buffer[]>(COUNT / 2).fill([frame(PING), frame(TEXT, 'x')]).flat(), COUNT / 2],
  ]
  it.each(floods)('leave turns to other connections: %s', async (_title, frames, count) => {
    const flood = Buffer.concat(frames)
    const output = await serving(async port => {
      const clients = Array.from({ length: 20 }, () => toldAfter(port, [flood]))
      expect(await Promise.all(clients)).toEqual(Array(20).fill(`text ${count} messages, ${count} bytes`))
    })
    // One turn has the messages of a read, and those that waited for the turn.
    const most = Number(/at most (\d+) in a turn/.exec(output)?.[1])
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(64)
  }, 60_000)
})

describe('thousands of pings in a read', () => {
  it('are all answered, over several turns', async () => {
    const output = await serving(async port => {
      const client = new RawClient(port)
      await client.head
      client.socket.write(Buffer.concat(Array<Buffer>(20_000).fill(frame(PING))))
      expect(new Set(await client.tell(20_000))).toEqual(new Set(['pong ']))
      expect(await toldAfter(port, [frame(BINARY, Buffer.alloc(100 * KIB))])).toContain('1 messages')
      client.socket.destroy()
    })
    expect(output).toContain('at most 1 in a turn')
  })
})
