/**
 * Rates: the throughput of each server alone on its core, in interleaved rounds. They vary with the machine; use duels
 * to compare.
 */
import { loadCores } from './cores.js'
import type { DuelRules } from './duel.js'
import type { LoadResult } from './load.js'
import { ServerProcess } from './server-process.js'

/** Returns the results of all rounds, for each peer. */
export async function rates(peers: readonly string[], rules: DuelRules): Promise<Map<string, LoadResult[]>> {
  const results = new Map(peers.map(peer => [peer, [] as LoadResult[]]))
  const servers = new Map<string, ServerProcess>()
  for (let round = rules.isFresh ? 0 : -1; round < rules.rounds; round++) {
    // Each round begins with another peer.
    const turn = peers.map((_, index) => peers[(index + round + peers.length) % peers.length])
    for (const peer of turn) {
      const server = servers.get(peer) ?? await ServerProcess.start(peer, rules.scenario)
      servers.set(peer, server)
      const result = await rules.attack(server.port, loadCores[0], () => Promise.resolve())
      if (round >= 0) results.get(peer)?.push(result)
      if (!rules.isFresh) continue
      await server.stop()
      servers.delete(peer)
    }
  }
  await Promise.all([...servers.values()].map(server => server.stop()))
  return results
}
