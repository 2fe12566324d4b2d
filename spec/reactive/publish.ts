/**
 * Publishers for the specs.
 */
import { type Publisher, toPublisher } from '../../lib/reactive/publisher.js'
import { pulled } from '../../lib/reactive/pulled.js'

/** Publishes the items, as many as are requested. */
export function publish<T>(...items: T[]): Publisher<T> {
  return toPublisher(pulled(() => items.length > 0 ? [items.shift()!] : null))
}
