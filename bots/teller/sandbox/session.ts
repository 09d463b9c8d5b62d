/** Who is signed on, and the view-state tokens that tie each form to its session. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export interface Session {
  readonly id: string
  readonly user: string
  seenAt: number
}

/** Why there is no session: none or too old, or the same user signed on elsewhere. */
export type SignedOff = 'expired' | 'elsewhere'

export class Sessions {
  ttlMs: number
  singleLogin: boolean
  private readonly open = new Map<string, Session>()
  private readonly thrownOut = new Set<string>()
  private readonly secret = randomBytes(32)

  constructor(options: { ttlMs: number; singleLogin: boolean }) {
    this.ttlMs = options.ttlMs
    this.singleLogin = options.singleLogin
  }

  signOn(user: string): Session {
    if (this.singleLogin) for (const session of [...this.open.values()].filter(other => other.user === user)) this.throwOut(session)
    const session = { id: randomBytes(16).toString('hex'), user, seenAt: Date.now() }
    this.open.set(session.id, session)
    return session
  }

  /** Finding a session keeps it alive for another `ttlMs`. */
  find(id: string): Session | SignedOff {
    const session = this.open.get(id)
    if (session === undefined) return this.thrownOut.has(id) ? 'elsewhere' : 'expired'
    if (Date.now() - session.seenAt >= this.ttlMs) {
      this.open.delete(id)
      return 'expired'
    }
    session.seenAt = Date.now()
    return session
  }

  signOff(id: string): void {
    this.open.delete(id)
  }

  expireAll(): void {
    this.open.clear()
  }

  /** A token for one form of one session; it may be posted more than once, as in the portals of the time. */
  viewState(sessionId: string, form: string): string {
    const nonce = randomBytes(24).toString('base64url')
    return `${nonce}.${this.sign(sessionId, form, nonce)}`
  }

  isViewState(token: string, sessionId: string, form: string): boolean {
    const [nonce = '', signature = ''] = token.split('.')
    const right = Buffer.from(this.sign(sessionId, form, nonce))
    const given = Buffer.from(signature)
    return right.length === given.length && timingSafeEqual(right, given)
  }

  private throwOut(session: Session): void {
    this.open.delete(session.id)
    this.thrownOut.add(session.id)
  }

  private sign(...parts: string[]): string {
    return createHmac('sha256', this.secret).update(parts.join('\n')).digest('base64url')
  }
}
