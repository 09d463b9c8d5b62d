import { isatty } from 'node:tty'
import { type DestinationStream, destination, type LevelWithSilent, type Logger, pino, stdTimeFunctions } from 'pino'
import { humanLine } from './human-line.ts'

export interface LogOptions {
  readonly service: string
  readonly logLevel: LevelWithSilent
  /** Absent: standard output, for people when it is a terminal. */
  readonly logDestination?: DestinationStream | undefined
}

export interface Log {
  readonly log: Logger
  close(): Promise<void>
}

export function openLog({ service, logLevel, logDestination }: LogOptions): Log {
  const stdout = logDestination === undefined ? destination({ dest: 1, sync: false }) : undefined
  const written = logDestination ?? (isatty(1) && stdout ? { write: (line: string) => stdout.write(humanLine(line)) } : stdout)
  const log = pino(
    {
      level: logLevel,
      base: { service, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      serializers: { err: plainError }
    },
    written as DestinationStream
  )
  return { log, close: () => (stdout === undefined ? Promise.resolve() : flushed(stdout)) }
}

const flushed = (stdout: ReturnType<typeof destination>) => new Promise<void>(resolve => stdout.flush(() => resolve()))

/** Only what an error says of itself: some libraries hang their command's arguments on it, and those may hold data. */
export function plainError(error: unknown): unknown {
  if (!Error.isError(error)) return typeof error === 'string' ? error : typeof error
  const { name, message, stack, cause } = error
  const code = 'code' in error ? { code: error.code } : undefined
  return { type: name, message, ...code, stack, ...(cause === undefined ? undefined : { cause: plainError(cause) }) }
}
