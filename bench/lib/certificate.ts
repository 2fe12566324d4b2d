/**
 * The certificate of the benchmarks' servers: that of the demos.
 */
import { readFileSync } from 'node:fs'

const read = (name: string): Buffer => readFileSync(new URL(`../../../demos/tls/${name}.pem`, import.meta.url))

/** Options of `node:tls`. */
export const certificate = { key: read('key'), cert: read('cert') }
