/** What everything behind `POST /mcp` shares. */
import type { Action, Caller } from '../../core/types.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Staying } from '../exchange.ts'
import type { TellLeftOut } from '../left-out.ts'
import type { GatewaySettings } from '../settings.ts'
import { usableActions } from '../usable-actions.ts'

export interface McpDoor extends Staying {
  readonly engine: Engine
  readonly settings: GatewaySettings
  readonly version: string
  readonly tellLeftOut: TellLeftOut
}

/** One request of a client. */
export interface McpCall {
  readonly caller: Caller
  /** `params._meta` of the request. */
  readonly meta: Readonly<Record<string, unknown>>
  /** Aborts when the client has gone or has cancelled. */
  readonly signal: AbortSignal
  /** Aborts when the client has cancelled in so many words. */
  readonly cancelled: AbortSignal | undefined
  /** Of the request; the run becomes part of its trace. */
  readonly traceparent: string | undefined
  /** The session of the header `Session-Id`: all calls are made in it. */
  readonly session: string | undefined
  /** Tells the client that its list of tools is another one now. */
  listChanged(): void
  /** The client takes a task instead of an answer. */
  readonly asTask: boolean
  /** Tells of progress, where the client asked to be told. */
  progress(message: string): void
}

/** The actions that the caller may use, by name. */
export const actionsOf = ({ engine }: McpDoor, caller: Caller): readonly Action[] => usableActions(engine.catalog, caller).actions
