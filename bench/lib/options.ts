/**
 * The options that every benchmark has on its command line.
 */
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    rates: { type: 'boolean', default: false },
    peers: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
  },
})

/** Whether to finish within seconds, as a check that the benchmark runs; the figures mean little then. */
export const isShort = values.short

/** Whether to measure rates, one server after the other, instead of duels. */
export const wantsRates = values.rates

/** The peers to measure; absent: all. */
export const chosenPeers: readonly string[] | null = values.peers?.split(',') ?? null

/** The number of rounds. */
export const rounds = wholeNumber('rounds', values.rounds ?? (isShort ? '1' : '5'))

/** The duration of a round, in seconds. */
export const seconds = wholeNumber('seconds', values.seconds ?? (isShort ? '1' : '3'))

/** The arguments of the command line that are not options. */
export const words: readonly string[] = positionals

/** wrk takes whole seconds only. Any other number ends the program with a sentence. */
function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  console.error(`--${name} must be a whole number of at least 1, not ${text}`)
  process.exit(2)
}
