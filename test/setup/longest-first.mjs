/**
 * The order of the suites: those that take minutes come first, so that no core waits for one of them at the end; then the large files.
 * jest knows the order by itself only where it has run before.
 */
import { statSync } from 'node:fs'

const longest = [
  'faults/moments',
  'faults/mutants',
  'sim/simulation',
  'drivers/rabbitmq',
  'e2e/kill',
  'adapters/playwright-unheld',
  'e2e/teller'
]

const rank = ({ path }) => {
  const place = longest.findIndex(name => path.endsWith(`${name}.test.ts`))
  return place < 0 ? longest.length : place
}

/** What jest asks of a sequencer (its `testSequencer` option). */
export default class LongestFirst {
  sort(tests) {
    return [...tests].sort((a, b) => rank(a) - rank(b) || statSync(b.path).size - statSync(a.path).size)
  }
  allFailedTests(tests) {
    return tests
  }
  shard(tests) {
    return tests
  }
  cacheResults() {}
}
