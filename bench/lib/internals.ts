/**
 * What is measured and not exported. The programs import the built package by its name; these parts are taken from
 * where that was built to. Types say only what is used.
 */

/** Loads a module of the built library, as `wire/chunked-decoder`. */
export async function internal<T>(module: string): Promise<T> {
  return await import(new URL(`../../esm/${module}.js`, import.meta.url).href) as T
}
