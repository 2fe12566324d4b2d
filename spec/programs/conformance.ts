/**
 * The conformance cases over real sockets, on whatever runtime this runs: Node, Bun or Deno. It prints the cases that
 * fail, and how many passed. Built into dist; it is run in the root of the project.
 */
import { readCaseFiles } from '../conformance/case-file.js'
import { overTcp } from '../conformance/over-tcp.js'

let passed = 0
let failed = 0
for (const { topic, cases } of readCaseFiles('spec/conformance')) {
  for (const example of cases) {
    const { expected, actual } = await overTcp(example)
    if (expected.join('\n') === actual.join('\n')) passed++
    else {
      failed++
      console.log(`${topic}: ${example.title}`, { expected, actual })
    }
  }
}
console.log(`conformance: ${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
