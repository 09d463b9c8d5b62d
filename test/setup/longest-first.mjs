/**
 * The order of the suites: those that take minutes come early, so that no core waits for one of them at the end; but those that keep both
 * cores busy by themselves do not all come at once, because their programs would only starve each other. Then the large files.
 * jest knows the order by itself only where it has run before.
 */
import { statSync } from 'node:fs'

const first = [
  'faults/moments',
  'sim/simulation',
  'e2e/teller',
  'adapters/playwright-unheld',
  'commands-try',
  'adapters/playwright-session-end'
]
/** After a third of the others. */
const second = ['faults/mutants', 'e2e/kill', 'drivers/rabbitmq', 'e2e/start-stop']

const placeIn = (names, { path }) => names.findIndex(name => path.endsWith(`${name}.test.ts`))

/** What jest asks of a sequencer (its `testSequencer` option). */
export default class LongestFirst {
  sort(tests) {
    const named = names => tests.filter(test => placeIn(names, test) >= 0).sort((a, b) => placeIn(names, a) - placeIn(names, b))
    const others = tests
      .filter(test => placeIn([...first, ...second], test) < 0)
      .sort((a, b) => statSync(b.path).size - statSync(a.path).size)
    const third = Math.ceil(others.length / 3)
    return [...named(first), ...others.slice(0, third), ...named(second), ...others.slice(third)]
  }
  allFailedTests(tests) {
    return tests
  }
  shard(tests) {
    return tests
  }
  cacheResults() {}
}
