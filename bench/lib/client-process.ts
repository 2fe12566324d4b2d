/**
 * Clients in their own process, on the core that load comes from.
 */
import { Child } from './child.js'
import type { ModeName } from './client.js'
import { loadCores } from './cores.js'

/** Starts clients of one mode, whose arguments `client.ts` describes. */
export function startClients(
  mode: ModeName, port: number, words: readonly (string | number)[], core = loadCores[0],
): Child {
  return new Child('./client.js', [mode, port, ...words].map(String), { core })
}

/** Starts clients, and stops them when they have reported their result. */
export async function runClients<T extends object>(
  mode: ModeName, port: number, words: readonly (string | number)[], core = loadCores[0],
): Promise<T> {
  const clients = startClients(mode, port, words, core)
  const result = await clients.next<T>()
  await clients.stop()
  return result
}
