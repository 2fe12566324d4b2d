/**
 * Texts that are sent again: what is kept of the last one never shows.
 */
import { describe, expect, it } from '@jest/globals'
import * as fc from 'fast-check'
import { behindHead, bodyLength } from '../../lib/buffer/repeated-text.js'
import { utf8Length } from '../../lib/buffer/utf8.js'

const HEADS = ['HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 201 Created\r\n\r\n']
const ASCII = ['', 'a', 'b', 'Hello, world!', 'x'.repeat(1024), 'y'.repeat(1025)]
const OTHERS = ['é', '€', '\u{1f600}', 'é'.repeat(2000)]

describe('a body', () => {
  it('has its own length, whatever was measured before', () => {
    const texts = fc.array(fc.constantFrom(...ASCII, ...OTHERS))
    fc.assert(fc.property(texts, texts => {
      expect(texts.map(bodyLength)).toEqual(texts.map(utf8Length))
    }))
  })

  it('is joined to its own head, whatever was joined before', () => {
    const answers = fc.array(fc.tuple(fc.constantFrom(...HEADS), fc.constantFrom(...ASCII), fc.boolean()))
    fc.assert(fc.property(answers, answers => {
      for (const [head, body, isMeasured] of answers) {
        if (isMeasured) bodyLength(body)
        expect(behindHead(head, body)).toBe(head + body)
      }
    }))
  })
})
