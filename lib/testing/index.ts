/**
 * `httprx/testing`: tests of handlers, bytes and backpressure in virtual time.
 */
export {
  capture, type CapturedServer, type CaptureOptions, type ConnectionCaptureOptions, type Recording,
} from './capture.js'
export type { Capture, CapturedBytes, CaptureEntry } from './capture-entry.js'
export { readCapture, writeCapture } from './capture-file.js'
export { atMost, like, type Matcher } from './equality.js'
export type { ClientOptions, ClientValues } from './client-script.js'
export { everySplit } from './every-split.js'
export { marbles } from './marbles.js'
export { marblesAsync } from './marbles-async.js'
export {
  publisherRules, UNCHECKED_PUBLISHER_RULES, type PublisherUnderTest,
} from './publisher-rules.js'
export { REDACTED_FIELDS, type Redaction } from './redaction.js'
export { replay, replayAsync, type ReplayAsyncOptions, type ReplayOptions } from './replay.js'
export { requested } from './requested.js'
export {
  get, post, requestText, webSocketClose, webSocketHandshake, webSocketMessage, type RequestFields,
} from './requests.js'
export { TestResponse, type ResponseFields } from './response-parser.js'
export type { MarbleHelpers, MarbleOptions, WebSocketClientOptions } from './stage.js'
export type { Rule, RuleTiming, UncheckedRule } from './stream-rule.js'
export {
  subscriberRules, UNCHECKED_SUBSCRIBER_RULES, type SubscriberUnderTest, type TestedSubscriber,
} from './subscriber-rules.js'
export { TestClient } from './test-client.js'
export { TestServer } from './test-server.js'
export { TestSocket } from './test-socket.js'
export { TestWebSocket } from './test-web-socket.js'
export type { Taking } from './test-transport.js'
export type { HeldExpectation, ObservableExpectation, SubscriptionExpectation } from './virtual-time.js'
export {
  AsyncCodeError, BrokenResponseError, CaptureError, ConnectionResetError, EndlessPromisesError,
  EndlessResponseError, ForeignSchedulerError, MarbleError, ReplayError, RuleError,
  SplitError, TestStillWaitsError, TwoRunsError, UnansweredError, UnknownRxjsError,
} from './test-errors.js'
