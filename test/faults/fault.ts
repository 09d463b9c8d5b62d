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
  /** Where the fault breaks Redis alone, RabbitMQ is everybody's. */
  readonly rabbit: RabbitServer | undefined
  /** Of all programs but those that the fault has set apart. */
  readonly lines: Lines
  readonly apart: Lines
  close(): Promise<void>
}

export interface Lines {
  /** What programs connect to. */
  readonly servers: Servers
  /** Resets every connection. */
  cut(): void
  /** Lets nothing through for so long. */
  stall(ms: number): Promise<void>
  close(): Promise<void>
}

export interface Prepared {
  readonly options?: Partial<WorldOptions>
  /** How its own Redis is started. */
  readonly redis?: RedisOptions
  close?(): void
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
  prepare?(): Prepared
  /** What this fault breaks: nobody else may be on it. A RabbitMQ takes seconds of both cores to start. */
  readonly ownServers?: 'redis' | 'both'
  /** The first gateway and the first worker have lines of their own, as on a host of their own. */
  readonly apart?: boolean
  /** The fault leaves the world so that the next trial needs another one. */
  readonly fresh?: boolean
}

export const bothModes: readonly Mode[] = ['embedded', 'distributed']
export const onlyDistributed: readonly Mode[] = ['distributed']
export const onlyEmbedded: readonly Mode[] = ['embedded']
export const everyAdapter: readonly AdapterName[] = ['echo', 'soap', 'playwright']
