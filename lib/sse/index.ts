/**
 * `httprx/sse`: Server-Sent Events as replies.
 */
export { formatEvent, type SseEvent } from './event.js'
export { lastEventId } from './last-event-id.js'
export { sse, type SseOptions, type SseReply } from './sse.js'
