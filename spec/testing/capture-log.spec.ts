/**
 * The file of a recording if the disk is slow or fails: the server continues, memory is bounded, and missing entries
 * are counted.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { capture } from '../../lib/testing/index.js'
import { CaptureLog, type CaptureLogOptions, type Disk, type LogFile } from '../../lib/testing/capture-log.js'
import { ask, next, signal, start } from '../helpers/net.js'

/** A disk whose writes are controlled by the test. */
class TestDisk implements Disk {
  readonly files = new Map<string, string>()
  readonly calls: string[] = []
  /** The promise that a write waits for, or the error that it throws. */
  atWrite: () => Promise<void> = () => Promise.resolve()

  open(file: string, flags: 'w' | 'a'): Promise<LogFile> {
    this.calls.push(`open ${file} ${flags}`)
    if (flags === 'w') this.files.set(file, '')
    const write = async (bytes: Uint8Array, offset: number, length: number): Promise<{ bytesWritten: number }> => {
      await this.atWrite()
      // A partial write of one half.
      const bytesWritten = Math.ceil(length / 2)
      const text = Buffer.from(bytes.subarray(offset, offset + bytesWritten)).toString('latin1')
      this.files.set(file, (this.files.get(file) ?? '') + text)
      return { bytesWritten }
    }
    return Promise.resolve({ write, close: () => Promise.resolve() } as unknown as LogFile)
  }

  rename(from: string, to: string): Promise<void> {
    const text = this.files.get(from)
    if (text === undefined) return Promise.reject(Object.assign(new Error('missing'), { code: 'ENOENT' }))
    this.files.delete(from)
    this.files.set(to, text)
    return Promise.resolve()
  }

  remove(file: string): Promise<void> {
    this.files.delete(file)
    return Promise.resolve()
  }
}

function logOn(disk: Disk, options: Partial<CaptureLogOptions> = {}): { log: CaptureLog; errors: unknown[] } {
  const errors: unknown[] = []
  const log = new CaptureLog({
    file: 'log', maxFileBytes: 100, maxFiles: 3, maxQueueBytes: 50, ...options,
    onError: error => { errors.push(error) },
  }, part => `head ${part}\n`, disk)
  return { log, errors }
}

describe('a capture log', () => {
  it('drops entries that do not fit while the disk is slow, and counts them', async () => {
    const disk = new TestDisk()
    const { log } = logOn(disk)
    const [begun, gate] = [signal(), signal()]
    disk.atWrite = () => {
      begun.resolve()
      return gate.promise
    }
    log.add('1234567890\n')
    await begun.promise
    for (let n = 0; n < 100; n++) log.add(`line ${n} of a hundred\n`)
    expect(log.dropped).toEqual({ entries: 99, bytes: expect.any(Number) })
    gate.resolve()
    await log.close()
    expect(disk.files.get('log')).toBe('head 1\n1234567890\nline 0 of a hundred\n'
      + `{"type":"dropped","entries":99,"bytes":${log.dropped.bytes}}\n`)
  })

  it('rotates, and keeps the given number of files', async () => {
    const disk = new TestDisk()
    const { log } = logOn(disk, { maxQueueBytes: 10_000 })
    for (let n = 0; n < 12; n++) {
      log.add(`${'x'.repeat(39)}\n`)
      await log.close()
    }
    expect([...disk.files.keys()].sort()).toEqual(['log', 'log.1', 'log.2'])
    for (const text of disk.files.values()) expect(text.length).toBeLessThanOrEqual(100)
    expect(disk.files.get('log')).toMatch(/^head 6\n/)
    expect(disk.files.get('log.2')).toMatch(/^head 4\n/)
  })

  it('continues the same file on a new line after a failed write, and reports it once', async () => {
    const disk = new TestDisk()
    const { log, errors } = logOn(disk, { maxQueueBytes: 10_000, maxFileBytes: 10_000, retryMs: 0 })
    log.add('one\n')
    await log.close()
    disk.atWrite = () => Promise.reject(new Error('the disk is full'))
    log.add('two\n')
    log.add('three\n')
    await log.close()
    log.add('four\n')
    await log.close()
    expect(errors).toEqual([new Error('the disk is full')])
    disk.atWrite = () => Promise.resolve()
    log.add('five\n')
    await log.close()
    expect(disk.files.get('log')).toMatch(/^head 1\none\n\n\{"type":"dropped","entries":\d,"bytes":\d+\}\nfive\n$/)
    expect(log.dropped.entries).toBeGreaterThanOrEqual(3)
    disk.atWrite = () => Promise.reject(new Error('again'))
    log.add('six\n')
    await log.close()
    expect(errors.map(String)).toEqual(['Error: the disk is full', 'Error: again'])
  })

  it('waits for a while after a failure', async () => {
    const disk = new TestDisk()
    const { log } = logOn(disk)
    disk.rename = () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }))
    log.add('one\n')
    await log.close()
    const calls = disk.calls.length
    log.add('two\n')
    log.add('three\n')
    expect(disk.calls.length).toBe(calls)
    expect(log.dropped.entries).toBeGreaterThanOrEqual(3)
  })

  it('reports that it cannot be closed', async () => {
    const disk = new TestDisk()
    const { log, errors } = logOn(disk)
    const { open } = disk
    disk.open = async (file, flags) => ({
      ...await open.call(disk, file, flags), close: () => Promise.reject(new Error('not closed')),
    })
    log.add('one\n')
    await log.close()
    expect(errors).toEqual([new Error('not closed')])
  })
})

describe('a server whose recording can\'t be written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'httprx-log-'))
  afterAll(() => { rmSync(folder, { recursive: true }) })

  it('answers as usual', async () => {
    const errors: unknown[] = []
    const server = await start(() => ({ body: 'fine' }))
    const file = join(folder, 'nowhere', 'log')
    const recording = capture(server, { file, onError: error => { errors.push(error) } })
    expect((await ask(server)).body).toBe('fine')
    await recording.close()
    expect(errors).toEqual([expect.objectContaining({ code: 'ENOENT' })])
    expect(recording.dropped.entries).toBeGreaterThan(0)
    expect((await ask(server)).body).toBe('fine')
    expect(server.errors).toEqual([])
  })

  it('answers as usual without an error callback', async () => {
    const server = await start(() => ({ body: 'fine' }))
    await using recording = capture(server, { file: join(folder, 'nowhere', 'log') })
    const closing = next(server.draining$)
    expect((await ask(server)).body).toBe('fine')
    await server.close()
    await closing
    await recording.closed
    expect(recording.dropped.entries).toBeGreaterThan(0)
  })

  it('refuses invalid numbers', async () => {
    const server = await start(() => ({}))
    const refused = [{ maxFileBytes: 10 }, { maxFiles: 0 }, { maxQueueBytes: NaN }]
    for (const options of refused) expect(() => capture(server, { file: 'x', ...options })).toThrow('must be a whole')
  })
})
