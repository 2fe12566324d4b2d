/**
 * Waiting for promises without the event loop.
 */

/** Lets ready promises settle, and those that follow from them in a few steps. */
export async function readyPromises(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
}
