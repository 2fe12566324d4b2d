/**
 * Publishers for the specs.
 */
import { pulled } from '../../../lib/demand/pages.js'
import { toPublisher } from '../../../lib/demand/reactive-streams/publisher.js'
import type { Publisher } from '../../../lib/demand/reactive-streams/types.js'

/** Publishes the items, as many as are requested. */
export function publish<T>(...items: T[]): Publisher<T> {
  return toPublisher(pulled(() => items.length > 0 ? [items.shift()!] : null))
}
