/**
 * Every case of every file in this folder, in every cut.
 */
import { describe, expect, it } from '@jest/globals'
import { inEveryCut } from '../helpers/splits.js'
import { readCaseFile, readCaseFiles, unescapeInput } from './case-file.js'
import { Exchange } from './exchange.js'

describe.each(readCaseFiles(__dirname))('$topic', ({ cases }) => {
  it.each(cases)('$title', example => {
    expect(inEveryCut(example.input, () => new Exchange(example))).toBe(example.log)
  })
})

describe('the reader of the cases', () => {
  it('ends each line in CR LF, unless a backslash ends it', () => {
    expect(unescapeInput('a\nb\\\nc\n\n')).toBe('a\r\nbc\r\n\r\n')
  })

  it('knows some escapes', () => {
    expect(unescapeInput('\\r\\n\\t\\0\\x80\\\\')).toBe('\r\n\t\0\x80\\')
    expect(unescapeInput('\\{a*3}\\{b\\r\\n*2}')).toBe('aaab\r\nb\r\n')
  })

  it('wants one case under each heading', () => {
    expect(() => readCaseFile('# a\n## b\n```http\n```\n')).toThrow('"b" needs an http and a log block')
  })
})
