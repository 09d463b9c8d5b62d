/** The sandbox as its own process. Beside the settings of every sandbox: COREBANK_USERNAME, COREBANK_PASSWORD, COREBANK_LOGIN=off. */
import { optionsFromEnvironment } from '../../sandbox.ts'
import { defaultLogin, startCorebank } from './server.ts'

const { DATA_DIR = '.retrofit', COREBANK_USERNAME, COREBANK_PASSWORD, COREBANK_LOGIN } = process.env
const { username, password } = defaultLogin

const corebank = await startCorebank({
  ...optionsFromEnvironment({ port: 8102, ledgerPath: `${DATA_DIR}/sandbox/corebank.ledger.jsonl` }),
  login: COREBANK_LOGIN === 'off' ? false : { username: COREBANK_USERNAME ?? username, password: COREBANK_PASSWORD ?? password }
})
console.log(`corebank sandbox on ${corebank.url}`)
// No process.exit: an effect that is to be applied late is still applied.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void corebank.close())
// Started by another process: do not outlive it.
process.once('disconnect', () => void corebank.close())
