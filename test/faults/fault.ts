/** A fault of the matrix: where it can be made, and one trial of it. */
import type { RedisOptions } from '../setup/redis.ts'
import type { ChildServer, RabbitServer } from '../setup/services.ts'
import type { Driver } from './driver.ts'
import type { Trial } from './moment-trial.ts'
import type { AdapterName } from './targets.ts'
import type { Mode, Servers, World, WorldOptions } from './world.ts'

export interface Stage {
  readonly world: World
  readonly driver: Driver
  readonly random: () => number
  /** Of this stage alone, where the fault asked for them. */
  readonly own: OwnServers | undefined
}

export interface OwnServers {
  readonly redis: ChildServer
  readonly rabbit: RabbitServer
  /** Reset or clog the lines of all programs. */
  readonly lines: { cut(): void; pause(): void; resume(): void }
  /** What the programs connect to. */
  readonly servers: Servers
  close(): Promise<void>
}

export interface Fault {
  readonly name: string
  readonly says: string
  readonly modes: readonly Mode[]
  readonly adapters: readonly AdapterName[]
  /** The trials of a round; each hit counts once, however many runs it met. */
  readonly rounds: readonly { readonly moment: string; trial(stage: Stage): Promise<Trial> }[]
  readonly options?: Partial<WorldOptions>
  /** What a world of it needs beside that. */
  prepare?(): { readonly options: Partial<WorldOptions>; close(): void }
  /** Redis and RabbitMQ that this fault breaks: nobody else may be on them. */
  readonly ownServers?: boolean
  /** How its own Redis is started. */
  redis?(): RedisOptions
  /** The fault leaves the world so that the next trial needs another one. */
  readonly fresh?: boolean
}

export const bothModes: readonly Mode[] = ['embedded', 'distributed']
export const onlyDistributed: readonly Mode[] = ['distributed']
export const onlyEmbedded: readonly Mode[] = ['embedded']
export const everyAdapter: readonly AdapterName[] = ['echo', 'soap', 'playwright']
