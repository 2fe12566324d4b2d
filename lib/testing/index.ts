/**
 * `httprx/testing`: handlers, bytes and backpressure tested in virtual time.
 */
export { AsyncCodeError } from './async-guard.js'
export {
  capture, type CapturedServer, type CaptureOptions, type ConnectionCaptureOptions, type Recording,
} from './capture.js'
export type { Capture, CapturedBytes, CaptureEntry } from './capture-entry.js'
export { readCapture, writeCapture } from './capture-file.js'
export { CaptureError } from './capture-text.js'
export { atMost, like, type Matcher } from './equality.js'
export { everySplit, SplitError } from './every-split.js'
export { MarbleError } from './expectation.js'
export { marbles } from './marbles.js'
export { ForeignSchedulerError, marblesAsync, TestStillWaitsError } from './marbles-async.js'
export { TwoRunsError } from './one-at-a-time.js'
export {
  publisherRules, UNCHECKED_PUBLISHER_RULES, type PublisherUnderTest,
} from './publisher-rules.js'
export { REDACTED_FIELDS, type Redaction } from './redaction.js'
export { replay, replayAsync, ReplayError, type ReplayAsyncOptions, type ReplayOptions } from './replay.js'
export { UnknownRxjsError } from './rxjs-time.js'
export { requested } from './requested.js'
export {
  get, post, requestText, webSocketClose, webSocketHandshake, webSocketMessage, type RequestFields,
} from './requests.js'
export { BrokenResponseError, TestResponse, type ResponseFields } from './response-parser.js'
export { EndlessPromisesError } from './settling.js'
export type { MarbleHelpers, MarbleOptions, WebSocketClientOptions } from './stage.js'
export { RuleError, type Rule, type RuleTiming, type UncheckedRule } from './stream-rule.js'
export {
  subscriberRules, UNCHECKED_SUBSCRIBER_RULES, type SubscriberUnderTest, type TestedSubscriber,
} from './subscriber-rules.js'
export { TestClient, type ClientOptions, type ClientValues } from './test-client.js'
export { EndlessResponseError, TestServer, UnansweredError } from './test-server.js'
export { TestSocket } from './test-socket.js'
export { TestWebSocket } from './test-web-socket.js'
export { ConnectionResetError, type Taking } from './test-transport.js'
export type { HeldExpectation, ObservableExpectation, SubscriptionExpectation } from './virtual-time.js'
