/**
 * `httprx/testing`: handlers, bytes and backpressure tested in virtual time.
 */
export {}
