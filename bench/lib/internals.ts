/**
 * Measured parts that are not exported. The programs import the built package by its name; these parts come from the
 * modules that it is bundled from, and are separate from the bundled copy: a program that connects some of them takes
 * all of them from here. The types declare only what is used.
 */

/** Loads a module of the built library, for example `wire/chunked-decoder`. */
export async function internal<T>(module: string): Promise<T> {
  return await import(new URL(`../../modules/${module}.js`, import.meta.url).href) as T
}
