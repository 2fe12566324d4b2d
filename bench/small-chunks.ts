/**
 * A thousand small chunks a response: of an iterable, an async generator and a web stream.
 */
import { compare } from './lib/compare.js'
import { workloads } from './lib/workloads.js'

/** They only pull the sources and write prepared bytes: what is left is ours. */
const peers = ['node-net', 'transport']

const titles = { iterable: 'an iterable', generator: 'an async generator', web: 'a web stream' }

for (const kind of ['iterable', 'generator', 'web'] as const) {
  await compare({ ...workloads[`chunks-${kind}`], title: `1,000 small chunks of ${titles[kind]}`, peers })
}
