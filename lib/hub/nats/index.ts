/**
 * `httprx/hub/nats`: one event to many clients of many processes, over NATS JetStream. It needs
 * `@nats-io/transport-node` and `@nats-io/jetstream`.
 */
export { NatsHub } from './nats-hub.js'
export type { HubCodec, NatsHubOptions, StreamLimits } from './nats-hub-options.js'
export {
  isGap, type HubEvent, type HubGap, type HubOverflow, type PublishOptions, type SubscribeOptions,
} from '../hub-options.js'
