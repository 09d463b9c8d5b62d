/** The matrix. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  brokenFor,
  brokenForRedis,
  canFillDisk,
  fullDisk,
  fullDiskOfRedis,
  openBrokenDisk,
  openDiskOfRedis,
  openSmallDisk
} from './disk.ts'
import { bothModes, everyAdapter, type Fault, onlyDistributed, onlyEmbedded } from './fault.ts'
import { cutLedger, duplicateMessages, emptyBroker, emptyLedger, replaceLedger } from './ledger-faults.ts'
import { momentNames } from './moments.ts'
import { canCutPower, cutPowerOf, cuttableRedis, powerCuts } from './power.ts'
import {
  blockedAt,
  blockedBroker,
  browserKilledOn,
  clock,
  killedAndBehind,
  killedAt,
  loaded,
  misbehaves,
  retriedAfterTtl,
  rolling,
  serverDown,
  settledLater,
  stoppedAt,
  takenOver,
  twinFound
} from './rounds.ts'

/** Two of each role. */
const twoHosts = { modes: onlyDistributed, adapters: ['echo', 'soap'], options: { gateways: 2, workers: 2 } } as const

const powerCut: Fault = {
  name: 'power',
  says: 'the power fails: the ledger is cut back to its last fsync',
  modes: onlyEmbedded,
  adapters: ['echo', 'soap'],
  rounds: (['A2', 'A3', 'A4', 'A5', 'A6', 'W3', 'W7', 'W8', 'W11', 'W12'] as const).map(killedAt),
  prepare: () => ({ options: powerCuts() })
}

const sharedPowerCut: Fault = {
  name: 'redis-power',
  says: 'the power of Redis and of every program fails: the ledger is cut back to its last fsync',
  ...twoHosts,
  ownServers: 'redis',
  prepare: () => ({ redis: cuttableRedis() }),
  rounds: [loaded('power cut', cutPowerOf)]
}

const diskFull: Fault = {
  name: 'disk',
  says: 'the disk of the ledger is full for a second',
  modes: onlyEmbedded,
  adapters: ['echo', 'soap'],
  fresh: true,
  rounds: [loaded('full', fullDisk)],
  prepare: openSmallDisk
}

const brokenDisk: Fault = {
  name: 'disk-errors',
  says: 'the disk of the ledger answers EIO, or is read-only, for a second',
  modes: onlyEmbedded,
  adapters: ['echo', 'soap'],
  rounds: [loaded('EIO', brokenFor('EIO')), loaded('read-only', brokenFor('EROFS'))],
  prepare: openBrokenDisk
}

const sharedDisk: Fault = {
  name: 'redis-disk',
  says: 'the disk of Redis is full, answers EIO, or is read-only, for a second: Redis ends, and is started again',
  ...twoHosts,
  ownServers: 'redis',
  rounds: [loaded('full', fullDiskOfRedis), loaded('EIO', brokenForRedis('EIO')), loaded('read-only', brokenForRedis('EROFS'))],
  prepare: openDiskOfRedis
}

const appliedUnheard = [killedAt('W10'), misbehaves('500 after applying', { failAfterApply: true, times: 1 })]

const needCompiler: readonly Fault[] = [powerCut, sharedPowerCut, brokenDisk, sharedDisk]
const needMount: readonly Fault[] = [diskFull, sharedDisk]
const everyMoment = momentNames.filter(moment => moment !== 'W9')

export const everyFault: readonly Fault[] = [
  { name: 'kill', says: 'kill -9 at every named moment', modes: bothModes, adapters: everyAdapter, rounds: everyMoment.map(killedAt) },
  {
    name: 'effect-kill',
    says: 'kill -9 of the worker when the target says that it received or applied the effect',
    modes: bothModes,
    adapters: ['soap', 'playwright'],
    options: { variants: ['plain'] },
    rounds: (['W9', 'W10'] as const).map(killedAt)
  },
  {
    name: 'marker-kill',
    says: 'kill -9 around the commit marker and the answer',
    modes: bothModes,
    adapters: everyAdapter,
    options: { variants: ['plain'] },
    rounds: (['W6', 'W7', 'W8', 'W11', 'W12'] as const).map(killedAt)
  },
  {
    name: 'stop',
    says: 'SIGSTOP for longer than the lease, then SIGCONT',
    modes: bothModes,
    adapters: everyAdapter,
    rounds: (['W2', 'W6', 'W7', 'W8', 'W11', 'W12'] as const).map(stoppedAt),
    options: { workers: 2 }
  },
  {
    name: 'block',
    says: 'the event loop blocked for twice the lease',
    modes: bothModes,
    adapters: everyAdapter,
    rounds: (['W4', 'W5', 'W6', 'W8', 'W11'] as const).map(blockedAt),
    options: { workers: 2 }
  },
  {
    name: 'target',
    says: 'the target hangs, is late, lies, drops the connection',
    modes: bothModes,
    adapters: ['soap', 'playwright'],
    rounds: [
      misbehaves('500 after applying', { failAfterApply: true, times: 1 }),
      misbehaves('applies late', { applyLateMs: 2_500, times: 1 }),
      misbehaves('drops the connection before', { dropConnection: 'before', times: 1 }),
      misbehaves('drops the connection after', { dropConnection: 'after', times: 1 }),
      misbehaves('200 without applying', { acceptWithoutApply: true, times: 1 }, true),
      misbehaves('500 without applying', { acceptWithoutApply: true, failAfterApply: true, times: 1 })
    ]
  },
  {
    name: 'hang',
    says: 'the target applies and never answers',
    modes: bothModes,
    adapters: ['soap'],
    rounds: [misbehaves('hangs after applying', { hangAfterApply: true, times: 1 })]
  },
  {
    name: 'session',
    says: 'the portal ends all sessions, or shows its maintenance page for a while',
    modes: bothModes,
    adapters: ['playwright'],
    rounds: [
      misbehaves('sessions expire', { expireSessions: true }),
      loaded('maintenance page', async ({ world }) => {
        await world.target.faults?.({ maintenance: true })
        await sleep(700)
        await world.target.faults?.({ maintenance: false })
      })
    ]
  },
  {
    name: 'browser',
    says: 'kill -9 of the browser alone',
    modes: bothModes,
    adapters: ['playwright'],
    rounds: (['received', 'applied'] as const).map(browserKilledOn)
  },
  {
    name: 'lines',
    says: 'the lines to Redis and RabbitMQ are reset, or let nothing through for a while',
    ...twoHosts,
    ownServers: 'both',
    rounds: [
      loaded('reset', async ({ own }) => own?.lines.cut()),
      loaded('stall of 1.5 s', async ({ own }) => own?.lines.stall(1_500)),
      loaded('stall of 7 s', async ({ own }) => own?.lines.stall(7_000))
    ]
  },
  {
    name: 'partition',
    says: 'one host with a gateway and a worker is cut off from Redis and RabbitMQ, and the others go on',
    ...twoHosts,
    ownServers: 'redis',
    apart: true,
    rounds: [1_500, 4_000, 12_000].map(ms => loaded(`for ${ms / 1_000} s`, async ({ own }) => own?.apart.stall(ms)))
  },
  {
    name: 'rabbit',
    says: 'kill -9 of RabbitMQ, which comes back, or comes back without its queues',
    ...twoHosts,
    ownServers: 'both',
    rounds: [loaded('killed, started again', serverDown('rabbit', 500)), loaded('emptied', emptyBroker)]
  },
  {
    name: 'alarm',
    says: 'RabbitMQ is short of memory and blocks whoever publishes',
    ...twoHosts,
    ownServers: 'both',
    rounds: [loaded('blocked for 3 s', blockedBroker(3_000))]
  },
  {
    name: 'redis',
    says: 'kill -9 of Redis',
    ...twoHosts,
    ownServers: 'redis',
    rounds: [loaded('killed, started again', serverDown('redis', 300)), loaded('away for 4 s', serverDown('redis', 4_000))]
  },
  {
    name: 'cut',
    says: 'Redis comes back without its last commands',
    ...twoHosts,
    ownServers: 'redis',
    rounds: ([1, 3, 10, 50] as const).map(count => loaded(`last ${count} commands`, stage => cutLedger(stage, count)))
  },
  {
    name: 'replaced',
    says: 'Redis is replaced by a backup that was made while calls came in',
    ...twoHosts,
    ownServers: 'redis',
    rounds: [loaded('a backup', replaceLedger)]
  },
  {
    name: 'empty',
    says: 'Redis comes back empty',
    modes: onlyDistributed,
    adapters: ['echo'],
    ownServers: 'redis',
    fresh: true,
    options: { gateways: 2, workers: 2 },
    rounds: [loaded('emptied', emptyLedger)]
  },
  {
    name: 'duplicates',
    says: 'every message ten times, in another order',
    modes: bothModes,
    adapters: ['echo', 'soap'],
    rounds: [loaded('ten times each', duplicateMessages)],
    options: { workers: 2 }
  },
  {
    name: 'sweeps',
    says: 'five processes sweep at once while probing workers die',
    modes: onlyDistributed,
    adapters: ['echo', 'soap'],
    options: { gateways: 2, workers: 3 },
    rounds: (['R1', 'R2', 'R3', 'W11'] as const).map(killedAt)
  },
  {
    name: 'unsure',
    says: '"done, but told time-out" on one in twenty calls to store and queue',
    modes: bothModes,
    adapters: ['echo', 'soap'],
    options: { workers: 2, env: { RETROFIT_TEST_UNSURE: '0.05' } },
    rounds: [loaded('5 %', async () => undefined)]
  },
  {
    name: 'clock',
    says: 'the clock of one host is ten minutes off',
    modes: bothModes,
    adapters: ['echo'],
    options: { workers: 2 },
    rounds: [
      loaded('ten minutes ahead', clock(600_000)),
      loaded('right again', clock(0)),
      killedAndBehind('W3'),
      killedAndBehind('A6'),
      loaded('ten minutes behind', clock(-600_000)),
      loaded('right again', clock(0))
    ]
  },
  {
    name: 'rolling',
    says: 'every process is stopped gracefully and started again under load',
    modes: bothModes,
    adapters: everyAdapter,
    options: { gateways: 2, workers: 2 },
    rounds: [loaded('each in turn', rolling)]
  },
  ...(['absent', 'fail', 'slow'] as const).map(
    (how): Fault => ({
      name: `probe-${how}`,
      says: {
        absent: 'the probe does not see the effect',
        fail: 'the probe fails',
        slow: 'the probe is slow'
      }[how],
      modes: bothModes,
      adapters: ['soap'],
      options: { env: { RETROFIT_TEST_PROBE: how } },
      rounds: appliedUnheard
    })
  ),
  {
    name: 'probe-lag',
    says: 'the probe sees the effect only when it looks again',
    modes: bothModes,
    adapters: ['soap'],
    options: { env: { RETROFIT_TEST_PROBE: 'lag' } },
    rounds: appliedUnheard.map(settledLater)
  },
  {
    name: 'probe-twin',
    says: "a weak probe finds somebody else's record",
    modes: bothModes,
    adapters: ['soap'],
    options: { env: { RETROFIT_TEST_PROBE: 'twin' } },
    rounds: [twinFound]
  },
  {
    name: 'tombstone',
    says: 'the same call again after its ttl, to processes that were all killed',
    modes: bothModes,
    adapters: ['echo', 'soap'],
    rounds: [retriedAfterTtl]
  },
  {
    name: 'take-over',
    says: 'kill -9 of a worker with the usual lease of 10 s: another one has the run within 12 s',
    modes: onlyDistributed,
    adapters: ['echo', 'soap'],
    options: { workers: 2, env: { LEASE_MS: '10000', SWEEP_MS: '1000' } },
    rounds: [takenOver]
  },
  powerCut,
  sharedPowerCut,
  brokenDisk,
  diskFull,
  sharedDisk
]

/** What this machine can not do is left out: power cuts need a C compiler, a small disk needs the right to mount one. */
export const faults = everyFault.filter(
  fault => (canFillDisk() || !needMount.includes(fault)) && (canCutPower() || !needCompiler.includes(fault))
)
