/**
 * `httprx/ws`: WebSocket connections as Observables.
 */
export {}
