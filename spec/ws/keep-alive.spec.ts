/**
 * Pings, and peers that count as gone, in virtual time.
 */
import { describe, expect, it } from '@jest/globals'
import { asyncScheduler } from 'rxjs'
import { KeepAlive, type Peer } from '../../lib/ws/keep-alive.js'
import { inVirtualTime } from '../helpers/marbles.js'

class FakePeer implements Peer {
  receivedBytes = 0
  writtenBytes = 0
  pending = 0
  isHeld = false
  log = ''

  ping(): void {
    this.log += 'p'
  }

  terminate(): void {
    this.log += 'X'
  }
}

/**
 * What is done to a peer that shows these signs, one between each two ticks: r, it sends; w, it takes some output; W,
 * output begins to wait; 0, all was taken; h and o, its messages wait for somebody here, and go on.
 */
function fateOf(signs: string): string {
  const peer = new FakePeer()
  const actions: Record<string, () => void> = {
    r: () => { peer.receivedBytes++ },
    w: () => { peer.writtenBytes++ },
    W: () => { peer.pending = 10 },
    0: () => { peer.pending = 0 },
    h: () => { peer.isHeld = true },
    o: () => { peer.isHeld = false },
  }
  inVirtualTime(({ hot }) => {
    const watching = new KeepAlive(peer, 10)
    watching.start(null, asyncScheduler)
    const marbles = signs.replace(/./g, sign => sign === '-' ? ' 10ms' : ` ${sign} 9ms`)
    hot(`5ms ${marbles} |`).subscribe({
      next: sign => { if (!peer.log.includes('X')) actions[sign]() },
      complete: () => { watching.stop() },
    })
  })
  return peer.log.replace(/(?<=X).*/, '')
}

describe('a peer', () => {
  it.each([
    ['that answers each ping is kept', '-rrrr', 'ppppp'],
    ['that is silent is cut', '--', 'pX'],
    ['that falls silent is cut', '-rr-', 'pppX'],
    ['that is held up here is not judged, and is pinged on', 'h-----', 'pppppp'],
    ['that was held up has until the next tick', 'h--o-', 'ppppX'],
    ['that takes its output slowly is kept, and not pinged behind it', 'Wwww', ''],
    ['that takes nothing of its output is cut', 'W-', 'X'],
    ['that takes nothing is cut, although it sends', 'Wr', 'X'],
    ['that takes nothing is cut, although it is held up here', 'hW-', 'pX'],
    ['that has taken all is asked again', 'W0-', 'pX'],
  ])('%s', (_title, signs, log) => {
    expect(fateOf(signs)).toBe(log)
  })
})
