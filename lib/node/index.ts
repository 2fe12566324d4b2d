/**
 * The public exports of this folder: servers that listen on Node's sockets.
 */
export { listen } from './listen.js'
export type { ListenOptions } from './listen-options.js'
export { serve, type Server } from './serve.js'
