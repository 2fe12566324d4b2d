/**
 * The owner of a range of bytes after the call that passed it returns.
 *
 * Strategy: ownership travels with the bytes, as an argument or beside them in an object. It is never a field that
 * holds for the length of a call: such a field is read too late as soon as one call is made within another.
 */

/** `owned` bytes belong to the receiver for good. `lent` bytes are reused by the sender: copy them to keep them. */
export type Ownership = 'lent' | 'owned'
