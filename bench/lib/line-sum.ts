/**
 * NDJSON line by line: the same work for all servers.
 */

/** Sums a field over the lines of a body that arrives in chunks. */
export class LineSum {
  total = 0
  private readonly decoder = new TextDecoder()
  private rest = ''

  add(bytes: Uint8Array): this {
    const lines = (this.rest + this.decoder.decode(bytes, { stream: true })).split('\n')
    this.rest = lines.pop() ?? ''
    for (const line of lines) this.total += (JSON.parse(line) as { ms: number }).ms
    return this
  }
}
