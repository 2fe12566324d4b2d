/**
 * The diagrams in docs/demand.md are those of real runs: a source of letters, a chain, and a client that takes two
 * letters every ten frames, with a high-water mark of four.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { asyncScheduler, delay, map, mergeMap as plainMergeMap, tap, timer, type MonoTypeOperatorFunction } from 'rxjs'
import { concatMap } from '../lib/demand/flattening.js'
import { fromSource } from '../lib/demand/from-source.js'
import { onBackpressureBuffer } from '../lib/demand/overflow-operators.js'
import { ROOT } from './helpers/built.js'
import { inVirtualTime } from './helpers/marbles.js'
import { metered } from './reactive/metered-sink.js'

const FRAMES = 40
const EVERY = 10
const later = (letter: string) => timer(3).pipe(map(() => letter.toUpperCase()))

/** The events of each frame. */
class Line {
  private readonly events: string[] = Array<string>(FRAMES).fill('')

  note(frame: number, event: string): void {
    if (frame < FRAMES) this.events[frame] += event
  }

  /** As marbles: events of one frame are in parentheses, which cover the following frames. */
  toString(): string {
    let text = ''
    for (const [frame, event] of this.events.entries()) {
      const shown = event.length > 1 ? `(${event})` : event
      if (text.length <= frame) text += shown === '' ? '-' : shown
      else if (shown !== '') text += shown
    }
    return text
  }
}

function diagram(chain: MonoTypeOperatorFunction<string>): string {
  const lines = { 'the source gives': new Line(), 'the chain emits ': new Line(), 'the client takes': new Line() }
  const [gives, emits, takes] = Object.values(lines)
  inVirtualTime(({ flush }) => {
    const { sink, subject } = metered<string>({ highWaterMark: 4 })
    const subscription = fromSource('abcdefghijkl'.split('')).pipe(
      tap(letter => { gives.note(asyncScheduler.now(), letter) }),
      chain,
      tap(letter => { emits.note(asyncScheduler.now(), letter) }),
      onBackpressureBuffer(subject.ready$, { bufferBytes: 100 }),
    ).subscribe(subject)
    const clients = timer(EVERY, EVERY).subscribe(() => {
      takes.note(asyncScheduler.now(), 'x')
      sink.drain(2)
    })
    subscription.add(clients)
    timer(FRAMES).subscribe(() => { subscription.unsubscribe() })
    flush()
  })
  return Object.entries(lines).map(([name, line]) => `${name}  ${String(line)}\n`).join('')
}

const DIAGRAMS: Record<string, MonoTypeOperatorFunction<string>> = {
  'map': map(letter => letter.toUpperCase()),
  'concatMap of httprx, 3 frames for each': concatMap(later),
  'mergeMap of RxJS, 3 frames for each': plainMergeMap(later, 1),
  'delay(3)': source => source.pipe(delay(3), map(letter => letter.toUpperCase())),
}

it.each(Object.entries(DIAGRAMS))('the diagram of %s is drawn from a run', (name, chain) => {
  const drawn = `\`\`\`text\n${name}\n\n${diagram(chain)}\`\`\`\n`
  expect(readFileSync(join(ROOT, 'docs/demand.md'), 'utf8')).toContain(drawn)
})
