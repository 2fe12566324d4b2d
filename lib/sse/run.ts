/**
 * The texts that event streams got within one task, joined once for all of them.
 *
 * Strategy: streams of one source get the same texts in the same order. A run is a node of a tree, and the texts are on
 * the path to it: streams that got the same ones share the node, and the first that is written joins its texts for all.
 * A node keeps only its last successor, which a stream with other texts replaces. The tree is dropped when the task
 * ends.
 */
import { PreparedText } from '../connection/prepared-text.js'
import { queueMicrotask } from '../node/runtime.js'

/** A text, and those before it. */
export class Run {
  /** How many bytes they have. */
  readonly size: number
  private readonly last: PreparedText
  private readonly characters: string
  private next: Run | null
  private joined: PreparedText | null

  constructor(before: Run | null, last: PreparedText) {
    this.size = before === null ? last.size : before.size + last.size
    this.last = last
    this.characters = before === null ? last.text : before.characters + last.text
    this.next = null
    this.joined = before === null ? last : null
  }

  /** Whether the text is the last one. */
  endsWith(text: PreparedText): boolean {
    return this.last === text
  }

  /** Returns the run with one text more. */
  with(text: PreparedText): Run {
    if (this.next?.last !== text) this.next = new Run(this, text)
    return this.next
  }

  /** The texts as one. */
  get text(): PreparedText {
    this.joined ??= new PreparedText(this.characters)
    return this.joined
  }
}

let first: Run | null = null

/** Returns the run of one text. */
export function runOf(text: PreparedText): Run {
  if (first?.endsWith(text) === true) return first
  if (first === null) queueMicrotask(() => { first = null })
  first = new Run(null, text)
  return first
}
