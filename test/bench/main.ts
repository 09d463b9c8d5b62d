/** `npm run bench [-- start hop soap soap-adapter screen agents conversation definitions catalogue search sessions tenants expressions imported] [--rounds N] [--seconds S] [--mode embedded|distributed] [--quick] [--json] [--functions file --answers file]` */

import { parseArgs } from 'node:util'
import { benchAgents } from './agents.ts'
import { benchCatalogue } from './catalogue.ts'
import { benchDefinitions } from './definitions.ts'
import { benchExpressions } from './expressions.ts'
import { type BenchOptions, benchHop } from './hop.ts'
import { benchImported } from './imported.ts'
import { benchScreen } from './screen.ts'
import { benchSearch } from './search.ts'
import { compareTokens } from './session-tokens.ts'
import { benchSessions } from './sessions.ts'
import { benchSoap } from './soap.ts'
import { benchSoapAdapter } from './soap-adapter.ts'
import { benchStart } from './start.ts'
import { benchTenants } from './tenants.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    mode: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    functions: { type: 'string' },
    answers: { type: 'string' },
    help: { type: 'boolean', default: false }
  }
})

const benches: Readonly<Record<string, (options: BenchOptions) => Promise<object>>> = {
  start: benchStart,
  hop: benchHop,
  soap: benchSoap,
  'soap-adapter': benchSoapAdapter,
  screen: benchScreen,
  agents: benchAgents,
  definitions: benchDefinitions,
  conversation: () => compareTokens(),
  catalogue: benchCatalogue,
  search: benchSearch,
  sessions: benchSessions,
  tenants: benchTenants,
  expressions: benchExpressions,
  imported: benchImported
}

if (values.help) {
  process.stdout.write(
    `npm run bench -- [${Object.keys(benches).join('] [')}] [--rounds N] [--seconds S] [--mode embedded|distributed] [--quick] [--json] [--functions file --answers file]\n`
  )
  process.exit(0)
}
const unknown = positionals.filter(name => benches[name] === undefined)
if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`)

const { mode, functions, answers } = values
if ((functions === undefined) !== (answers === undefined)) throw new Error('--functions and --answers go together: the two files of BFCL')
if (mode !== undefined && mode !== 'embedded' && mode !== 'distributed') throw new Error('--mode is embedded or distributed')
const options: BenchOptions = values.quick
  ? { rounds: 1, seconds: 1, concurrencies: [16], mode, functions, answers }
  : { rounds: Number(values.rounds), seconds: Number(values.seconds), concurrencies: [1, 16, 64, 256], mode, functions, answers }
const results: Record<string, object> = {}
for (const [name, bench] of Object.entries(benches)) {
  if (positionals.length === 0 || positionals.includes(name)) results[name] = await bench(options)
}
if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`)
