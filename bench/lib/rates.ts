/**
 * Rates: how much each server does when it has its core for itself, in interleaved rounds. They swing with the machine;
 * use duels to compare.
 */
import { loadCores } from './cores.js'
import type { DuelRules } from './duel.js'
import type { LoadResult } from './load.js'
import { ServerProcess } from './server-process.js'

/** Returns what came of each round, for each peer. */
export async function rates(peers: readonly string[], rules: DuelRules): Promise<Map<string, LoadResult[]>> {
  const results = new Map(peers.map(peer => [peer, [] as LoadResult[]]))
  const servers = new Map<string, ServerProcess>()
  for (let round = rules.isFresh ? 0 : -1; round < rules.rounds; round++) {
    // The first one of a round is another one each time.
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
