/**
 * The two kinds of bodies under http/af's names: `Body.Reader` and `Body.Writer`.
 */
export { BodyReader as Reader, type BodyCallbacks as Callbacks } from './body-reader.js'
export { BodyWriter as Writer } from './body-writer.js'
