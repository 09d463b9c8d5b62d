/** The sandbox as its own process. Settings: `PORT`, `HOST`, `LEDGER`, `FAULTS`, and `LOGIN` (`user:password`, or `off`). */
import { optionsFromEnvironment } from '../../sandbox.ts'
import { type CorebankOptions, startCorebank } from './server.ts'

const dataDir = process.env.DATA_DIR ?? '.retrofit'
const sandbox = await startCorebank({
  ...optionsFromEnvironment({ port: 8092, ledgerPath: `${dataDir}/sandbox/corebank.ledger.jsonl` }),
  ...loginFrom(process.env.LOGIN)
})
console.log(`Core banking sandbox: ${sandbox.url}`)
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void sandbox.close())

function loginFrom(text: string | undefined): Pick<CorebankOptions, 'login'> {
  if (text === undefined) return {}
  if (text === 'off') return { login: false }
  const colon = text.indexOf(':')
  if (colon < 1) throw new Error('LOGIN must be user:password, or off')
  return { login: { username: text.slice(0, colon), password: text.slice(colon + 1) } }
}
