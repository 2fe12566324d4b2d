/**
 * No client can end the process: a server in a process of its own, whose handlers subscribe without an error handler,
 * or with functions that throw.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { assertBuilt } from '../helpers/built.js'
import { Program } from '../helpers/program.js'
import { closeFrame, frame, TEXT } from '../ws/frames.js'
import { handshake, RawClient } from '../ws/raw-client.js'

let program: Program
let port = 0

beforeAll(async () => {
  assertBuilt('esm')
  program = new Program('spec/programs/unhandled.js', {}, 60_000)
  port = Number(new URL(await program.address()).port)
})

afterAll(async () => { expect(await program.stop()).toBe(0) })

/** Resolves when an error with this text was reported; the server must still be running. */
async function reported(text: string): Promise<void> {
  await program.printed(new RegExp(`report \\d+: .*${text.replaceAll('$', '\\$&')}`))
  expect(await (await fetch(`http://127.0.0.1:${port}/alive`)).text()).toBe('alive')
}

async function opened(input: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  await new Promise(resolve => { socket.write(input, resolve) })
  return socket
}

/** Sends a part of a chunked body and leaves when the server reports that it reads it. */
async function leave(path: string): Promise<void> {
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n`
  const socket = await opened(head)
  await once(socket, 'data')
  await new Promise(resolve => { socket.write('4\r\n{"a"\r\n', resolve) })
  socket.resetAndDestroy()
}

/** Sends a text after the head of a chunked request, and resolves with the status of the response. */
async function answered(path: string, body: string): Promise<string> {
  const socket = await opened(`POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`)
  const [bytes] = await once(socket, 'data') as [Buffer]
  socket.destroy()
  return bytes.toString().slice(9, 12)
}

const WHOLE = '4\r\nnull\r\n0\r\n\r\n'

describe('a client that leaves', () => {
  it.each([
    ['/text', ''], ['/bytes', ''], ['/json', ''], ['/concatMap', ''], ['/observer', ''], ['/failing', 'in error'],
  ])('may leave in the middle of a body: %s', async (path, text) => {
    await leave(path)
    await reported(text)
  })

  it.each([['/aborted', 'in aborted$'], ['/closed', 'in closed$'], ['/ready', 'in ready$']])(
    'may leave in the middle of a response: %s', async (path, text) => {
      const socket = await opened(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
      await once(socket, 'data')
      socket.resetAndDestroy()
      await reported(text)
    })
})

describe('a body', () => {
  it.each([
    ['/throws', WHOLE, '500', 'in next'],
    ['/chunk', WHOLE, '500', 'in a chunk'],
    ['/piped', WHOLE, '500', 'in map'],
    ['/complete', WHOLE, '500', 'in complete'],
    ['/async', WHOLE, '500', 'in an async function'],
    ['/json', WHOLE, '500', 'Cannot read'],
    ['/json', '1\r\n{\r\n0\r\n\r\n', '400', ''],
    ['/text', 'nonsense\r\n', '400', ''],
    ['/twice', WHOLE, '500', 'the request body has a consumer already'],
  ])('is answered with an error if %s cannot handle it: %j', async (path, body, status, text) => {
    expect(await answered(path, body)).toBe(status)
    await reported(text)
  })
})

describe('a WebSocket client', () => {
  it.each([
    ['/ws/throws', 'in a message', 'close 1000'],
    ['/ws/async', 'in an async message', 'close 1000'],
    ['/ws/piped', 'JSON', 'close 1011'],
    ['/ws/project', 'in a projection', 'close 1011'],
    ['/ws/complete', 'at the end of messages', 'close 1000'],
    ['/ws/closed', 'in closed$', 'close 1000'],
    ['/ws/twice', 'the messages have a subscriber already', 'close 1011'],
  ])('causes a report: %s', async (path, text, end) => {
    const client = new RawClient(port, handshake({}, `GET ${path} HTTP/1.1`))
    await client.head
    await client.send(frame(TEXT, 'not JSON'), closeFrame(1000))
    expect(await client.story()).toEqual([end])
    await reported(text)
  })
})
