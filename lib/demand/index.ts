/**
 * The public names of this room: demand, and the sources and operators that respect it.
 */
export { chunkSize, type Chunk } from './chunk.js'
export { ControlledSubject, type ControlledSink, type SinkResult, type SinkWatcher } from './controlled-subject.js'
export { concatMap, mergeMap } from './flattening.js'
export { fromSource, type Source } from './from-source.js'
export {
  onBackpressureBuffer, onBackpressureDrop, onBackpressureError, onBackpressureLatest,
  type BackpressureBufferOptions, type BufferOverflow,
} from './overflow-operators.js'
export type { Overflow } from './overflow-policy.js'
export { pulled, type NextPage, type Page } from './pages.js'
export {
  fromPublisher, toPublisher, type FromPublisherOptions, type ToPublisherOptions,
} from './reactive-streams/publisher.js'
export type { Publisher, Subscriber, Subscription } from './reactive-streams/types.js'
export type { WaterMarks } from './water-marks.js'
