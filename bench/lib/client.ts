/**
 * The clients of the benchmarks, in their own process: `node client.js <mode> <port> <arguments …>`. Each mode
 * performs one task, reports its result, and stays connected until its channel closes. Some modes answer messages
 * meanwhile.
 */
import { askAtRate } from './clients/constant-rate.js'
import { churn, keepAlive } from './clients/requests.js'
import { deaf, deflatedMessages, events, messages, timedEvents, webSockets } from './clients/streams.js'
import { downloads, flood, ndjson, transfer, uploads } from './clients/transfers.js'

/** Runs the mode with its arguments; resolves with the result to report. */
export type Mode = (port: number, words: readonly string[]) => Promise<object>

/** The modes by name, each with the arguments after the port. */
const modes = {
  /** `<connections> <requests>`: that many requests one after the other over each connection. */
  'keep-alive': keepAlive,
  /** `<tcp|tls> <connections>`: connections with a single request, a few at a time. */
  'churn': churn,
  /** `<requests a second> <seconds> <connections>`: requests at a constant rate, independent of the responses. */
  'constant-rate': askAtRate,
  /** `<download|upload|upload-chunked|ndjson>[-tls]`: one transfer over one connection. */
  'transfer': transfer,
  /** `<bytes>`: an upload to /slow, as fast as possible; it answers messages with its progress. */
  'flood': flood,
  /** `<pieces> <bytes a second>`: lines of JSON, sent as fast as possible and read at a rate; answers with progress. */
  'ndjson': ndjson,
  /** `<connections> <bytes a second>`: endless uploads to /upload, each at this rate; it answers with its progress. */
  'uploads': uploads,
  /** `<connections> <bytes a second>`: downloads of /endless, each read at this rate; it answers with its progress. */
  'downloads': downloads,
  /** `<connections> <path>`: requests whose responses are never read; the default path is /endless. */
  'deaf': deaf,
  /** `<path> <connections>`: endless Server-Sent Events; it answers with the number received. */
  'events': events,
  /** `<connections>`: the same with messages over WebSockets. */
  'messages': messages,
  /** `<connections>`: the same, compressed. */
  'deflated-messages': deflatedMessages,
  /** `<connections> <seconds>`: the time of each event from its publication. */
  'timed-events': timedEvents,
  /** `<connections> <seconds>`: each sends a message when its previous one has returned. */
  'websockets': webSockets,
} as const satisfies Record<string, Mode>

/** A mode of the clients. */
export type ModeName = keyof typeof modes

const [mode, port, ...words] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
process.send?.(await modes[mode as ModeName](Number(port), words))
