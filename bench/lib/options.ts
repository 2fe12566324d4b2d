/**
 * What can be asked of every benchmark on its command line.
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

/** Whether to be done within seconds, for a check that it runs; the figures mean little then. */
export const isShort = values.short

/** Whether to measure rates, one server after the other, instead of duels. */
export const wantsRates = values.rates

/** The peers to measure, where not all. */
export const chosenPeers: readonly string[] | null = values.peers?.split(',') ?? null

/** How many rounds to measure. */
export const rounds = Number(values.rounds ?? (isShort ? 1 : 5))

/** How long one round takes, in seconds. */
export const seconds = Number(values.seconds ?? (isShort ? 1 : 3))

/** The words of the command line that are no options. */
export const words: readonly string[] = positionals
