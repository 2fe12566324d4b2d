/**
 * The checks of the Autobahn test suite that apply, under their numbers: against a server that sends back what it gets.
 * Section 9 is done in small.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  BINARY, chopped, CLOSE, closeFrame, CONTINUATION, frame, part, PING, PONG, TEXT,
} from './frames.js'
import { RawClient } from './raw-client.js'
import { Stage } from './stage.js'

let stage: Stage
beforeAll(async () => { stage = await Stage.open({ maxPayload: 4 * 1024 * 1024, bufferLimit: 16 * 1024 * 1024 }) })
afterAll(async () => { await stage[Symbol.asyncDispose]() })

/** Sends the frames in pieces (0: each whole), then a close; resolves with the frames that are received. */
async function play(frames: Buffer[], chop = 0): Promise<string[]> {
  const client = new RawClient(stage.port)
  await client.head
  const bytes = Buffer.concat([...frames, closeFrame(1000)])
  await client.send(...(chop === 0 ? [...frames, closeFrame(1000)] : chopped(bytes, chop)))
  return client.story()
}

const DONE = 'close 1000'
const FAULT = 'close 1002'
const NOT_UTF8 = 'close 1007'

type Case = [number: string, title: string, frames: Buffer[], story: string[], chop?: number]

function check(cases: Case[]): void {
  for (const [number, title, frames, story, chop] of cases) {
    it(`${number} ${title}`, async () => { expect(await play(frames, chop)).toEqual(story) })
  }
}

describe('1 framing', () => {
  const sizes: [number, number][] = [[1, 0], [2, 125], [3, 126], [4, 127], [5, 128], [6, 65_535], [7, 65_536]]
  check(sizes.flatMap(([n, size]): Case[] => [
    [`1.1.${n}`, `text of ${size}`, [frame(TEXT, '*'.repeat(size))], [`text ${'*'.repeat(size)}`, DONE]],
    [`1.2.${n}`, `bytes of ${size}`, [frame(BINARY, Buffer.alloc(size, 0xfe))], [`bytes ${'fe'.repeat(size)}`, DONE]],
  ]))
  check([
    ['1.1.8', 'text in pieces of 997', [frame(TEXT, '*'.repeat(65_536))], [`text ${'*'.repeat(65_536)}`, DONE], 997],
    ['1.2.8', 'bytes in pieces of 997',
      [frame(BINARY, Buffer.alloc(65_536, 0xfe))], [`bytes ${'fe'.repeat(65_536)}`, DONE], 997],
  ])
})

describe('2 pings and pongs', () => {
  const pings = Array.from({ length: 10 }, (_, i) => frame(PING, `payload-${i}`))
  const pongs = Array.from({ length: 10 }, (_, i) => `pong payload-${i}`)
  check([
    ['2.1', 'ping without payload', [frame(PING)], ['pong ', DONE]],
    ['2.2', 'ping with text', [frame(PING, 'Hello, world!')], ['pong Hello, world!', DONE]],
    ['2.3', 'ping with bytes', [frame(PING, Buffer.from([0, 0x7f, 1]))], ['pong \0\x7f\x01', DONE]],
    ['2.4', 'ping of 125', [frame(PING, 'p'.repeat(125))], [`pong ${'p'.repeat(125)}`, DONE]],
    ['2.5', 'ping of 126', [frame(PING, 'p'.repeat(126))], [FAULT]],
    ['2.6', 'ping of 125, byte by byte', [frame(PING, 'p'.repeat(125))], [`pong ${'p'.repeat(125)}`, DONE], 1],
    ['2.7', 'pong that was not asked for', [frame(PONG)], [DONE]],
    ['2.8', 'pong that was not asked for, with payload', [frame(PONG, 'unasked')], [DONE]],
    ['2.9', 'such a pong, then a ping', [frame(PONG, 'unasked'), frame(PING, 'ping')], ['pong ping', DONE]],
    ['2.10', 'ten pings', pings, [...pongs, DONE]],
    ['2.11', 'ten pings, byte by byte', pings, [...pongs, DONE], 1],
  ])
})

describe('3 reserved bits', () => {
  const hello = frame(TEXT, 'hello')
  const reserved = (n: number, opcode = TEXT): Buffer => frame(opcode, 'reserved', { reserved: n })
  check([
    ['3.1', 'text with 1', [reserved(1)], [FAULT]],
    ['3.2', 'text, text with 2, ping', [hello, reserved(2), frame(PING)], ['text hello', FAULT]],
    ['3.3', 'text, text with 3, ping, in one piece', [hello, reserved(3), frame(PING)], ['text hello', FAULT], 10_000],
    ['3.4', 'text, text with 4, ping, byte by byte', [hello, reserved(4), frame(PING)], ['text hello', FAULT], 1],
    ['3.5', 'bytes with 5', [reserved(5, BINARY)], [FAULT]],
    ['3.6', 'ping with 6', [reserved(6, PING)], [FAULT]],
    ['3.7', 'close with 7', [frame(CLOSE, '', { reserved: 7 })], [FAULT]],
  ])
})

describe('4 opcodes', () => {
  const hello = frame(TEXT, 'hello')
  const opcodes: [string, number][] = [
    ['4.1.1', 3], ['4.1.2', 4], ['4.1.3', 5], ['4.1.4', 6], ['4.1.5', 7],
    ['4.2.1', 11], ['4.2.2', 12], ['4.2.3', 13], ['4.2.4', 14], ['4.2.5', 15],
  ]
  check(opcodes.map(([n, opcode], i): Case => i % 5 < 2
    ? [n, `frame of kind ${opcode}`, [frame(opcode, i % 5 === 1 ? 'reserved' : '')], [FAULT]]
    : [n, `text, frame of kind ${opcode}, ping`, [hello, frame(opcode), frame(PING)], ['text hello', FAULT], i % 2]))
})

describe('5 fragmentation', () => {
  const [one, two] = [part(TEXT, 'fragment1'), frame(CONTINUATION, 'fragment2')]
  const whole = 'text fragment1fragment2'
  const ping = frame(PING, 'ping')
  const loose = (isFinal: boolean): Buffer[] => [frame(CONTINUATION, 'loose', { isFinal }), frame(TEXT, 'hello')]
  const five = [
    part(TEXT, '1'), part(CONTINUATION, '2'), ping, part(CONTINUATION, '3'), part(CONTINUATION, '4'), ping,
    frame(CONTINUATION, '5'),
  ]
  const again = Buffer.concat([part(CONTINUATION, 'fragment1'), frame(TEXT, 'fragment2')])
  check([
    ['5.1', 'ping in two parts', [part(PING, 'a'), frame(CONTINUATION, 'b')], [FAULT]],
    ['5.2', 'pong in two parts', [part(PONG, 'a'), frame(CONTINUATION, 'b')], [FAULT]],
    ['5.3', 'text in two parts', [one, two], [whole, DONE]],
    ['5.4', 'text in two parts, in one piece', [one, two], [whole, DONE], 10_000],
    ['5.5', 'text in two parts, byte by byte', [one, two], [whole, DONE], 1],
    ['5.6', 'a ping between two parts', [one, ping, two], ['pong ping', whole, DONE]],
    ['5.7', 'a ping between two parts, in one piece', [one, ping, two], ['pong ping', whole, DONE], 10_000],
    ['5.8', 'a ping between two parts, byte by byte', [one, ping, two], ['pong ping', whole, DONE], 1],
    ['5.9', 'the end of nothing', loose(true), [FAULT]],
    ['5.10', 'the end of nothing, in one piece', loose(true), [FAULT], 10_000],
    ['5.11', 'the end of nothing, byte by byte', loose(true), [FAULT], 1],
    ['5.12', 'the middle of nothing', loose(false), [FAULT]],
    ['5.13', 'the middle of nothing, in one piece', loose(false), [FAULT], 10_000],
    ['5.14', 'the middle of nothing, byte by byte', loose(false), [FAULT], 1],
    ['5.15', 'two parts, then the middle of nothing', [one, two, ...loose(false)], [whole, FAULT]],
    ['5.16', 'the middle of nothing, with a text', [again, again], [FAULT]],
    ['5.17', 'the end of nothing, with a text', [...loose(true), ...loose(true)], [FAULT]],
    ['5.18', 'a text within a text', [one, frame(TEXT, 'fragment2')], [FAULT]],
    ['5.19', 'five parts and two pings', five, ['pong ping', 'pong ping', 'text 12345', DONE]],
    ['5.20', 'five parts and two pings, byte by byte', five, ['pong ping', 'pong ping', 'text 12345', DONE], 1],
  ])
})

describe('6 UTF-8', () => {
  const text = 'Hello-µ@ßöäüàá-UTF-8!!'
  const bytes = Buffer.from(text)
  const fragments = (all: Buffer, size: number): Buffer[] => {
    const pieces = chopped(all, size)
    return pieces.map((piece, i) => frame(i === 0 ? TEXT : CONTINUATION, piece, { isFinal: i === pieces.length - 1 }))
  }
  const invalid = Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex')
  check([
    ['6.1.1', 'an empty text', [frame(TEXT)], ['text ', DONE]],
    ['6.1.2', 'three empty parts', [part(TEXT), part(CONTINUATION), frame(CONTINUATION)], ['text ', DONE]],
    ['6.1.3', 'something between empty parts', [part(TEXT), part(CONTINUATION, 'middle'), frame(CONTINUATION)],
      ['text middle', DONE]],
    ['6.2.1', 'valid', [frame(TEXT, bytes)], [`text ${text}`, DONE]],
    ['6.2.2', 'valid, in parts between characters', fragments(bytes, 12), [`text ${text}`, DONE]],
    ['6.2.3', 'valid, in parts of a byte', fragments(bytes, 1), [`text ${text}`, DONE]],
    ['6.2.4', 'valid, in parts within characters', fragments(Buffer.from('κόσμε'), 3), ['text κόσμε', DONE]],
    ['6.3.1', 'invalid', [frame(TEXT, invalid)], [NOT_UTF8]],
    ['6.3.2', 'invalid, in parts of a byte', fragments(invalid, 1), [NOT_UTF8]],
    ['6.4.1', 'invalid in the second of three parts',
      [part(TEXT, 'κόσμε'), part(CONTINUATION, Buffer.from('f4908080', 'hex')), frame(CONTINUATION, 'edited')],
      [NOT_UTF8]],
  ])

  const valid: [string, string][] = [
    ['6.5.1', 'κόσμε'], ['6.6.2', 'κ'], ['6.6.5', 'κό'], ['6.6.7', 'κόσ'], ['6.6.9', 'κόσμ'], ['6.6.11', 'κόσμε'],
    ['6.7.1', '\0'], ['6.7.2', '\u0080'], ['6.7.3', '\u0800'], ['6.7.4', '\u{10000}'],
    ['6.9.1', '\x7f'], ['6.9.2', '\u07ff'], ['6.9.3', '\uffff'], ['6.9.4', '\u{10ffff}'],
    ['6.11.1', '\ud7ff'], ['6.11.2', '\ue000'], ['6.11.3', '\ufffd'], ['6.11.4', '\u{10ffff}'],
    ['6.22.1', '\ufffe'], ['6.22.2', '\uffff'], ['6.22.3', '\u{1fffe}'], ['6.22.34', '\u{10ffff}'],
    ['6.23.1', '\ufff9'], ['6.23.7', '\uffff'],
  ]
  check(valid.map(([n, content]): Case =>
    [n, `valid ${Buffer.from(content).toString('hex')}`, [frame(TEXT, content)], [`text ${content}`, DONE]]))

  const broken: [string, string][] = [
    ['6.6.1', 'ce'], ['6.6.3', 'cebae1'], ['6.6.4', 'cebae1bd'], ['6.6.6', 'cebae1bdb9cf'],
    ['6.6.8', 'cebae1bdb9cf83ce'], ['6.6.10', 'cebae1bdb9cf83cebcce'], ['6.8.1', 'f888808080'],
    ['6.8.2', 'fc8480808080'], ['6.10.1', 'f7bfbfbf'], ['6.10.2', 'fbbfbfbfbf'], ['6.10.3', 'fdbfbfbfbfbf'],
    ['6.11.5', 'f4908080'], ['6.12.1', '80'], ['6.12.2', 'bf'], ['6.12.3', '80bf'], ['6.12.7', '80bf80bf80bf'],
    ['6.13.1', 'c020c120'], ['6.13.2', 'e020e120'], ['6.13.3', 'f020f120'], ['6.13.4', 'f820f920'],
    ['6.13.5', 'fc20'], ['6.14.1', 'c0'], ['6.14.2', 'e080'], ['6.14.3', 'f08080'], ['6.14.4', 'f8808080'],
    ['6.14.5', 'fc80808080'], ['6.14.6', 'df'], ['6.14.7', 'efbf'], ['6.14.8', 'f7bfbf'],
    ['6.15.1', 'c0e080f08080f8808080fc80808080dfefbff7bfbf'], ['6.16.1', 'fe'], ['6.16.2', 'ff'],
    ['6.16.3', 'fefeffff'], ['6.17.1', 'c0af'], ['6.17.2', 'e080af'], ['6.17.3', 'f08080af'], ['6.18.1', 'c1bf'],
    ['6.18.2', 'e09fbf'], ['6.18.3', 'f08fbfbf'], ['6.19.1', 'c080'], ['6.19.2', 'e08080'], ['6.19.3', 'f0808080'],
    ['6.20.1', 'eda080'], ['6.20.2', 'edadbf'], ['6.20.3', 'edae80'], ['6.20.4', 'edafbf'], ['6.20.5', 'edb080'],
    ['6.20.6', 'edbe80'], ['6.20.7', 'edbfbf'], ['6.21.1', 'eda080edb080'], ['6.21.2', 'eda080edbfbf'],
    ['6.21.8', 'edafbfedbfbf'],
  ]
  check(broken.map(([n, hex]): Case => [n, `invalid ${hex}`, [frame(TEXT, Buffer.from(hex, 'hex'))], [NOT_UTF8]]))
})

describe('7 closing', () => {
  const close = closeFrame(1000)
  check([
    ['7.1.1', 'a message, then a close', [frame(TEXT, 'hello')], ['text hello', DONE]],
    ['7.1.2', 'two closes', [close], [DONE]],
    ['7.1.3', 'a ping behind the close', [close, frame(PING)], [DONE]],
    ['7.1.4', 'a message behind the close', [close, frame(TEXT, 'hello')], [DONE]],
    ['7.1.5', 'a close within a message', [part(TEXT, 'a'), close, frame(CONTINUATION, 'b')], [DONE]],
    ['7.1.6', 'a long message, a close, a ping',
      [frame(TEXT, 'B'.repeat(262_144)), frame(TEXT, 'A'), close, frame(PING)],
      [`text ${'B'.repeat(262_144)}`, 'text A', DONE]],
    ['7.3.1', 'a close without payload', [frame(CLOSE)], ['close']],
    ['7.3.2', 'a close with one byte', [frame(CLOSE, '*')], [FAULT]],
    ['7.3.3', 'a close with a code', [close], [DONE]],
    ['7.3.4', 'a close with a reason', [closeFrame(1000, 'Hello')], [`${DONE} Hello`]],
    ['7.3.5', 'the longest reason', [closeFrame(1000, '*'.repeat(123))], [`${DONE} ${'*'.repeat(123)}`]],
    ['7.3.6', 'too long a reason', [closeFrame(1000, '*'.repeat(124))], [FAULT]],
    ['7.5.1', 'a reason that is not UTF-8', [closeFrame(1000, Buffer.from('cebaeda080', 'hex'))], [NOT_UTF8]],
  ])
  const right = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
  check(right.map((code, i): Case => [`7.7.${i + 1}`, `code ${code}`, [closeFrame(code)], [`close ${code}`]]))
  const wrong = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]
  check(wrong.map((code, i): Case => [`7.9.${i + 1}`, `code ${code}`, [closeFrame(code)], [FAULT]]))
  check([
    ['7.13.1', 'code 5000', [closeFrame(5000)], [FAULT]],
    ['7.13.2', 'code 65535', [closeFrame(65_535)], [FAULT]],
  ])
})

describe('9 limits', () => {
  const MIB = 1024 * 1024
  check([
    ['9.1.3', 'text of 1 MiB', [frame(TEXT, '*'.repeat(MIB))], [`text ${'*'.repeat(MIB)}`, DONE]],
    ['9.2.3', 'bytes of 1 MiB', [frame(BINARY, Buffer.alloc(MIB, 1))], [`bytes ${'01'.repeat(MIB)}`, DONE]],
    ['9.3.5', '1 MiB in parts of 16 KiB', Array.from({ length: 64 }, (_, i) =>
      frame(i === 0 ? TEXT : CONTINUATION, '*'.repeat(16_384), { isFinal: i === 63 })),
    [`text ${'*'.repeat(MIB)}`, DONE]],
    ['9.5.1', '1 MiB in pieces of 16 KiB', [frame(TEXT, '*'.repeat(MIB))], [`text ${'*'.repeat(MIB)}`, DONE], 16_384],
    ['9.7.1', 'a thousand empty messages', Array.from({ length: 1_000 }, () => frame(TEXT)),
      [...Array.from({ length: 1_000 }, () => 'text '), DONE], 4_096],
    ['9.8.2', 'a thousand short messages', Array.from({ length: 1_000 }, () => frame(BINARY, 'xyz')),
      [...Array.from({ length: 1_000 }, () => 'bytes 78797a'), DONE], 4_096],
    ['9.9.1', 'a message beyond maxPayload', [frame(BINARY, Buffer.alloc(4 * MIB + 1))], ['close 1009']],
    ['9.9.2', 'a frame that claims 2^63 bytes', [Buffer.from('82ff800000000000000000000000', 'hex')], ['close 1009']],
  ])
})

describe('10 fragmentation by the sender', () => {
  const parts = chopped(Buffer.alloc(65_536, '*'), 1_300).map((piece, i, all) =>
    frame(i === 0 ? TEXT : CONTINUATION, piece, { isFinal: i === all.length - 1 }))
  check([['10.1.1', 'parts of 1,300', parts, [`text ${'*'.repeat(65_536)}`, DONE]]])
})

describe('beyond the suite', () => {
  check([
    ['5.1 of RFC 6455', 'a frame without a mask', [frame(TEXT, 'hello', { isMasked: false })], [FAULT]],
  ])
})
