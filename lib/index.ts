/**
 * `httprx`: the server. Bytes, requests, bodies and demand are Observables.
 */
export * from './core.js'
