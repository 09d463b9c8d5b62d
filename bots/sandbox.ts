/** What every sandbox shares: the effect ledger, the faults that it can be told to show, and its settings. */
import { createHash } from 'node:crypto'
import { closeSync, fsync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** One line of the ledger: an effect that the target received. `appliedAt` is null when it was received and never applied. Times are Unix milliseconds. */
export interface Effect {
  readonly seq: number
  readonly receivedAt: number
  readonly appliedAt: number | null
  readonly action: string
  readonly reference: string
  readonly payloadHash: string
}

/** How the target misbehaves on effects (and, for `delayMs`, on every request). */
export interface Faults {
  /** Every answer takes this much longer. */
  delayMs: number
  /** The effect is applied this long after it was received, also when the client has gone. */
  applyLateMs: number
  /** Applied, then no answer ever. */
  hangAfterApply: boolean
  /** Applied, then an answer with status 500. */
  failAfterApply: boolean
  /** Answers as if all were well, applies nothing. */
  acceptWithoutApply: boolean
  /** Closes the connection: before the effect is received, or after it was applied. */
  dropConnection: 'never' | 'before' | 'after'
  /** Refuses a reference that it has applied before. */
  rejectDuplicates: boolean
  /** How many effects the faults above last for; 0 = until they are changed. */
  times: number
}

export const noFaults: Readonly<Faults> = Object.freeze({
  delayMs: 0,
  applyLateMs: 0,
  hangAfterApply: false,
  failAfterApply: false,
  acceptWithoutApply: false,
  dropConnection: 'never',
  rejectDuplicates: false,
  times: 0
})

/** What the server must answer after `receive`: go on, answer 500, say that the reference is known, say nothing, or hang up. */
export type Verdict = 'ok' | 'fail' | 'duplicate' | 'hang' | 'drop'

export interface SandboxOptions {
  /** 0 = a free one. */
  readonly port: number
  readonly host?: string
  /** Where the effect ledger is appended to. */
  readonly ledgerPath: string
  readonly faults?: Partial<Faults>
  /** Where to tell what happens to each effect, and wait for the answer before going on: a fault campaign kills somebody at that moment. */
  readonly notify?: string
}

export interface Sandbox {
  readonly url: string
  readonly effects: Effects
  close(): Promise<void>
}

const synced = promisify(fsync)

/** The append-only ledger and the faults around it. Nothing here removes duplicates: counting them is the point. */
export class Effects {
  faults: Faults
  private readonly fd: number
  private seq: number
  private readonly applied = new Set<string>()
  private closed = false
  readonly path: string
  private readonly notify: string | undefined

  constructor(path: string, faults: Partial<Faults> = {}, notify?: string) {
    mkdirSync(dirname(path), { recursive: true })
    this.path = path
    this.notify = notify
    this.faults = { ...noFaults, ...faults }
    this.fd = openSync(path, 'a')
    const before = readEffects(path)
    this.seq = before.length
    for (const effect of before) if (effect.appliedAt !== null) this.applied.add(effect.reference)
  }

  /** Receives one effect, writes its line (fsynced) and says what to answer. `apply` changes the target's own data. */
  async receive(action: string, reference: string, payload: unknown, apply: () => void): Promise<Verdict> {
    const receivedAt = Date.now()
    const faults = this.currentFaults()
    await this.tell('received', reference)
    if (faults.dropConnection === 'before') return 'drop'
    if (faults.rejectDuplicates && this.applied.has(reference)) return 'duplicate'
    if (faults.applyLateMs > 0) await sleep(faults.applyLateMs)
    // The descriptor's number may belong to another file by now.
    if (this.closed) return 'drop'
    if (!faults.acceptWithoutApply) {
      apply()
      this.applied.add(reference)
    }
    await this.append({
      receivedAt,
      appliedAt: faults.acceptWithoutApply ? null : Date.now(),
      action,
      reference,
      payloadHash: hash(payload)
    })
    await this.tell('applied', reference)
    if (faults.hangAfterApply) return 'hang'
    if (faults.dropConnection === 'after') return 'drop'
    return faults.failAfterApply ? 'fail' : 'ok'
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    closeSync(this.fd)
  }

  private currentFaults(): Faults {
    const now = { ...this.faults }
    if (this.faults.times > 0 && --this.faults.times === 0) this.faults = { ...noFaults }
    return now
  }

  private async tell(moment: 'received' | 'applied', reference: string): Promise<void> {
    if (this.notify === undefined) return
    await fetch(this.notify, { method: 'POST', body: JSON.stringify({ moment, reference }) }).catch(() => undefined)
  }

  private async append(effect: Omit<Effect, 'seq'>): Promise<void> {
    writeSync(this.fd, `${JSON.stringify({ seq: ++this.seq, ...effect })}\n`)
    // Others are served meanwhile.
    await synced(this.fd).catch(error => {
      if (!this.closed) throw error
    })
  }
}

/** The ledger's lines, oldest first; empty when there is no file. */
export function readEffects(path: string): Effect[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Settings of a sandbox that runs as its own process: `PORT`, `HOST`, `LEDGER`, `FAULTS` (JSON), `NOTIFY`. */
export function optionsFromEnvironment(defaults: { port: number; ledgerPath: string }): SandboxOptions {
  const { PORT, HOST, LEDGER, FAULTS, NOTIFY } = process.env
  return {
    port: PORT === undefined ? defaults.port : Number(PORT),
    ...(HOST === undefined ? {} : { host: HOST }),
    ledgerPath: LEDGER ?? defaults.ledgerPath,
    faults: FAULTS === undefined ? {} : JSON.parse(FAULTS),
    ...(NOTIFY === undefined ? {} : { notify: NOTIFY })
  }
}

function hash(payload: unknown): string {
  return createHash('sha256').update(JSON.stringify(payload)).digest('hex')
}
