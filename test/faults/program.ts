/** The program under test: the product's own wiring, on ports and adapters that pass the named moments. `up`, `gateway` or `worker`. */
import { flushCompileCache } from 'node:module'
import { type AdapterKind, loadAdapters } from '../../adapters/index.ts'
import { readSettings } from '../../src/config.ts'
import { lockFolder } from '../../src/data-folder.ts'
import { isDistributed, openDeployment } from '../../src/deployment.ts'
import { startSystem } from '../../src/system.ts'
import { arm, logTo } from './crash-points.ts'
import { mutantOf } from './mutants.ts'
import { misleading } from './probe-faults.ts'
import { unsure, unsureQueue } from './unsure.ts'
import { adapterWithMoments, queueWithMoments, storeWithMoments } from './wrap.ts'

const {
  NODE_ENV,
  RETROFIT_TEST_LOG = '',
  RETROFIT_TEST_MOMENT = '',
  RETROFIT_TEST_MUTANT = '',
  /** The share of calls to store and queue that are done and told "time-out". */
  RETROFIT_TEST_UNSURE = '0',
  RETROFIT_TEST_PROBE = '',
  /** How far this host's clock is off. */
  RETROFIT_TEST_CLOCK_MS = '0',
  RETROFIT_TEST_ADAPTER = 'echo'
} = process.env
if (NODE_ENV !== 'test') throw new Error('This program is for tests: set NODE_ENV=test')

const clockMs = Number(RETROFIT_TEST_CLOCK_MS)
if (clockMs !== 0) {
  const now = Date.now
  Date.now = () => now() + clockMs
}
logTo(RETROFIT_TEST_LOG)
arm(RETROFIT_TEST_MOMENT)
process.on('message', text => {
  arm(String(text))
  process.send?.('armed')
})
// Whoever started it is gone.
process.once('disconnect', () => process.exit(1))

const settings = readSettings()
const role = process.argv[2]
const { deployment: mutantDeployment, store: mutantStore, queue: mutantQueue, adapter: mutantAdapter } = mutantOf(RETROFIT_TEST_MUTANT)
const share = Number(RETROFIT_TEST_UNSURE)
if (!isDistributed(settings)) lockFolder(settings.DATA_DIR)
const system = await startSystem(
  settings,
  { gateway: role !== 'worker', worker: role !== 'gateway' },
  {
    openDeployment: async from => {
      const { store, queue, ...rest } = await (mutantDeployment?.(from) ?? openDeployment(from))
      const ownStore = unsure(storeWithMoments(store), share)
      const ownQueue = unsureQueue(queueWithMoments(queue), share)
      return { ...rest, store: mutantStore?.(ownStore) ?? ownStore, queue: mutantQueue?.(ownQueue) ?? ownQueue }
    },
    loadAdapters: async options => {
      const loaded = await loadAdapters(options, RETROFIT_TEST_ADAPTER.split(',') as AdapterKind[])
      const own = Object.entries(loaded).map(([name, adapter]) => {
        const watched = misleading(adapterWithMoments(adapter), RETROFIT_TEST_PROBE)
        return [name, mutantAdapter?.(watched) ?? watched] as const
      })
      return Object.fromEntries(own)
    }
  }
)
flushCompileCache()
process.stdout.write(`is ready on ${system.url ?? 'no address'}\n`)
const end = (code: number) => void system.stop().finally(() => process.exit(code))
process.once('SIGTERM', () => end(0))
void system.broken.then(() => {
  setTimeout(() => process.exit(1), 2_000).unref()
  end(1)
})
