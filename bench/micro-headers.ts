/**
 * Lookups and changes of fields.
 */
import { Headers } from 'httprx/core'
import { micro } from './lib/micro.js'
import { BROWSER_HEADERS } from './lib/workloads.js'

const headers = Headers.of(BROWSER_HEADERS)

await micro('headers, 12 fields', {
  'get, the first': () => headers.get('user-agent'),
  'get, the last': () => headers.get('priority'),
  'get, none': () => headers.get('content-length'),
  'mem, none': () => headers.mem('transfer-encoding'),
  'of a record': () => Headers.of(BROWSER_HEADERS),
  'add': () => headers.add('x-request-id', '1'),
  'replace': () => headers.replace('accept', '*/*'),
  'toList': () => headers.toList(),
})
