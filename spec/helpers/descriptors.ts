/**
 * The descriptors that this process has open, as the system reports them.
 */
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Where Linux lists them. Other systems don't say what a descriptor refers to. */
const PLACE = '/proc/self/fd'

/** What each open descriptor refers to: a path, or a kind and a unique number (`socket:[4711]`). Empty but on Linux. */
export function descriptors(): string[] {
  if (!existsSync(PLACE)) return []
  return readdirSync(PLACE).flatMap(name => {
    try {
      return [readlinkSync(join(PLACE, name))]
    } catch {
      // The descriptor with which the list was read is closed again.
      return []
    }
  })
}

/**
 * Watches for sockets that are left open. Others may close meanwhile: those of a spec that ran before in this process.
 * @returns which sockets are open now and were not when this was called
 */
export function watchSockets(): () => string[] {
  const before = new Set(descriptors())
  return () => descriptors().filter(target => target.startsWith('socket:') && !before.has(target))
}
