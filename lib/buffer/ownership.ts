/**
 * Whose a range of bytes is once the call that passed it returns.
 *
 * Strategy: ownership travels with the bytes, as an argument or beside them in an object. It is never a field that
 * holds for the length of a call: such a field is read too late as soon as one call is made within another.
 */

/** `owned` bytes are the receiver's for good. `lent` bytes are reused by the sender: keep a copy. */
export type Ownership = 'lent' | 'owned'
