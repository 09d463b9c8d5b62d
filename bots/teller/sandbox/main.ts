/** The portal as its own process. Beside the settings of every sandbox: TELLER_USERNAME, TELLER_PASSWORD, SESSION_TTL_MS, SINGLE_LOGIN=1, MAINTENANCE=1. */
import { optionsFromEnvironment } from '../../sandbox.ts'
import { startTeller } from './server.ts'

const { DATA_DIR = '.retrofit', TELLER_USERNAME, TELLER_PASSWORD, SESSION_TTL_MS, SINGLE_LOGIN, MAINTENANCE } = process.env

const teller = await startTeller({
  ...optionsFromEnvironment({ port: 8101, ledgerPath: `${DATA_DIR}/sandbox/teller.ledger.jsonl` }),
  ...(TELLER_USERNAME === undefined ? {} : { username: TELLER_USERNAME }),
  ...(TELLER_PASSWORD === undefined ? {} : { password: TELLER_PASSWORD }),
  ...(SESSION_TTL_MS === undefined ? {} : { sessionTtlMs: Number(SESSION_TTL_MS) }),
  singleLogin: SINGLE_LOGIN === '1',
  maintenance: MAINTENANCE === '1'
})
console.log(`teller sandbox on ${teller.url}`)
const stop = async () => {
  await teller.close()
  process.exit(0)
}
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
// Started by another process: do not outlive it.
process.once('disconnect', stop)
