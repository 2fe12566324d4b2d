/**
 * `httprx/hub`: one event to many clients, each at its own pace.
 */
export { Hub } from './hub.js'
export { hubSocket, type HubSocketOptions } from './hub-socket.js'
export {
  isGap, type HubEvent, type HubGap, type HubOptions, type HubOverflow, type PublishOptions, type SubscribeOptions,
} from './hub-options.js'
