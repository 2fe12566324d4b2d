/**
 * Formats numbers of bytes for people.
 */
const UNITS = ['B', 'KiB', 'MiB', 'GiB']

/** Bytes with three digits: `1.5 MiB`. */
export function bytes(count) {
  const power = count < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(count) / 10))
  const value = count / 1024 ** power
  const digits = power === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${value.toFixed(digits).replace(/\.0+$/, '')} ${UNITS[power]}`
}

/** Bytes in KiB, for gauges, where the unit must not jump. */
export function kibibytes(count) {
  return `${(count / 1024).toFixed(1)} KiB`
}

/** Bytes a second. */
export function rate(count) {
  return `${bytes(count)}/s`
}
