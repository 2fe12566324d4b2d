/**
 * What Node adds: servers that listen.
 */
export { listen } from './listen.js'
export type { ListenOptions } from './listen-options.js'
export { serve, type Server } from './serve.js'
