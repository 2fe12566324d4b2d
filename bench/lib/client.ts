/**
 * The clients of the benchmarks, in a process of their own: `node client.js <mode> <port> <words …>`. Each mode does
 * one thing to the server, says what came of it, and stays as it is until its channel closes. Some can be asked then.
 */
import { askAtRate } from './clients/constant-rate.js'
import { churn, keepAlive } from './clients/requests.js'
import { deaf, deflatedMessages, events, messages, timedEvents, webSockets } from './clients/streams.js'
import { downloads, flood, ndjson, transfer, uploads } from './clients/transfers.js'

/** Does what the words say; resolves with what to say of it. */
export type Mode = (port: number, words: readonly string[]) => Promise<object>

/** By name, with what stands behind the port. */
const modes = {
  /** `<connections> <requests>`: so many requests one after the other over each connection. */
  'keep-alive': keepAlive,
  /** `<tcp|tls> <connections>`: connections that are opened, asked once and closed, a few at a time. */
  'churn': churn,
  /** `<requests a second> <seconds> <connections>`: requests at times that no answer decides. */
  'constant-rate': askAtRate,
  /** `<download|upload|upload-chunked|ndjson>[-tls]`: one transfer over one connection. */
  'transfer': transfer,
  /** `<bytes>`: an upload to /slow, as fast as it may. Asked, it says how far it is. */
  'flood': flood,
  /** `<pieces> <bytes a second>`: lines of JSON as fast as they may, read at a rate. Asked, it says how far it is. */
  'ndjson': ndjson,
  /** `<connections> <bytes a second>`: uploads to /upload without an end, each at this rate. Asked, it says how far. */
  'uploads': uploads,
  /** `<connections> <bytes a second>`: downloads of /endless, each read at this rate. Asked, it says how far it is. */
  'downloads': downloads,
  /** `<connections> <path>`: it is asked for and never read; /endless where no path is given. */
  'deaf': deaf,
  /** `<path> <connections>`: Server-Sent Events, without an end. Asked, it says how many came. */
  'events': events,
  /** `<connections>`: the same of messages over WebSockets. */
  'messages': messages,
  /** `<connections>`: the same, compressed. */
  'deflated-messages': deflatedMessages,
  /** `<connections> <seconds>`: how long each event takes from when it is published. */
  'timed-events': timedEvents,
  /** `<connections> <seconds>`: each sends a message when its last one came back. */
  'websockets': webSockets,
} as const satisfies Record<string, Mode>

/** What clients can do. */
export type ModeName = keyof typeof modes

const [mode, port, ...words] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
process.send?.(await modes[mode as ModeName](Number(port), words))
