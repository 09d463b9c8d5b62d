/**
 * The order of the suites: those that take minutes come early, so that no core waits for one of them at the end. One that keeps both cores
 * busy by itself goes beside those that mostly wait: two of the first kind would only starve each other. Then the large files.
 * jest knows the order by itself only where it has run before.
 */
import { statSync } from 'node:fs'

const first = [
  'faults/moments',
  'e2e/callbacks',
  'drivers/rabbitmq',
  'adapters/playwright-session-end',
  'commands-try',
  'adapters/playwright-unheld',
  'sim/simulation',
  'e2e/start-stop',
  'adapters/playwright-login',
  'adapters/playwright-interception',
  'adapters/playwright-leaving',
  'adapters/playwright-together',
  'adapters/playwright-gone',
  'faults/redis-loss',
  'e2e/kill',
  'adapters/playwright-close',
  'mcp/conformance'
]
/** After a third of the others, and after two thirds. */
const second = ['e2e/teller']
const third = ['faults/mutants']

const placeIn = (names, { path }) => names.findIndex(name => path.endsWith(`${name}.test.ts`))

/** What jest asks of a sequencer (its `testSequencer` option). */
export default class LongestFirst {
  sort(tests) {
    const named = names => tests.filter(test => placeIn(names, test) >= 0).sort((a, b) => placeIn(names, a) - placeIn(names, b))
    const others = tests
      .filter(test => placeIn([...first, ...second, ...third], test) < 0)
      .sort((a, b) => statSync(b.path).size - statSync(a.path).size)
    const part = Math.ceil(others.length / 3)
    const parts = [others.slice(0, part), others.slice(part, 2 * part), others.slice(2 * part)]
    return [named(first), parts[0], named(second), parts[1], named(third), parts[2]].flat()
  }
  allFailedTests(tests) {
    return tests
  }
  shard(tests) {
    return tests
  }
  cacheResults() {}
}
