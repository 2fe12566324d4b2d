/**
 * http/af in OCaml, over Lwt: `httpaf/main.ml`, compiled on demand.
 */
import { compiled } from '../compiled.js'
import { externalCpu, startExternal } from '../external.js'

export async function start(): Promise<number> {
  const program = compiled('httpaf', 'main.ml', source =>
    ['ocamlfind', ['ocamlopt', '-O3', '-thread', '-package', 'httpaf-lwt-unix', '-linkpkg', source, '-o', 'server']])
  return startExternal(program, port => [String(port)])
}

export { externalCpu as cpu }
