/**
 * `httprx/sse`: Server-Sent Events as replies.
 */
export {}
