/**
 * Tells the platform about memory that the application is given: arrays whose end only a garbage collection sees.
 */

let listener: ((bytes: number) => void) | null = null

/** Sets who is told. The platform calls it when it is loaded; without it, nobody is. */
export function useGivenMemory(gave: (bytes: number) => void): void {
  listener = gave
}

/** An array of so many bytes was made for the application, or for what it asked for. */
export function gaveMemory(bytes: number): void {
  if (listener !== null) listener(bytes)
}
