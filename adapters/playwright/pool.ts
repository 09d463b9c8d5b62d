/** Warm pages: one context for each login, its pages kept ready, never more at once than the target bears. */
import { createHash } from 'node:crypto'
import { RetrofitError } from '../../src/index.ts'
import type { BrowserHolder } from './browser.ts'
import { letGo } from './let-go.ts'
import { Lockout } from './lockout.ts'
import { isRefusedLogin } from './login.ts'
import { LoginContext } from './login-context.ts'
import type { Plan, StageCall } from './plan.ts'
import { Slots } from './slots.ts'
import type { Tab } from './tab.ts'

export interface Lease {
  readonly tab: Tab
  readonly context: LoginContext
  /** The login was just made. */
  readonly isFresh: boolean
  /** Back into the pool, warm; or away with it. */
  release(keep: boolean): void
}

const defaultConcurrency = 4

export class Pool {
  private readonly browsers: BrowserHolder
  /** In the order of their last use. */
  private readonly contexts = new Map<string, LoginContext>()
  private readonly slots = new Map<string, Slots>()
  private readonly all = new Set<LoginContext>()
  /** Screens that sessions have pinned: a login of their own, with one page. */
  private readonly screens = new Map<string, { readonly context: LoginContext; readonly tab: Tab }>()
  private readonly lockout = new Lockout()
  private readonly sweeper: ReturnType<typeof setInterval>

  constructor(browsers: BrowserHolder) {
    this.browsers = browsers
    this.sweeper = setInterval(() => this.sweep(), 30_000).unref()
  }

  async acquire(call: StageCall, plan: Plan): Promise<Lease> {
    const slots = this.slotsOf(call)
    await slots.take(call.signal)
    try {
      return call.screen === undefined ? await this.lease(call, plan, slots) : await this.screen(call, plan, slots)
    } catch (error) {
      slots.give()
      throw error
    }
  }

  private async lease(call: StageCall, plan: Plan, slots: Slots): Promise<Lease> {
    const key = keyOf(call)
    const context = this.contextOf(key, call, plan)
    const tab = await this.pageOf(context, call)
    const isFresh = context.uses === 0
    context.uses++
    let returned = false
    const release = (keep: boolean) => {
      if (returned) return
      returned = true
      context.give(tab, keep && this.contexts.get(key) === context)
      if (context.uses >= plan.pool.maxUses || context.ageMs >= plan.pool.maxAgeMs) this.retire(context)
      this.letGo()
      slots.give()
    }
    return { tab, context, isFresh, release }
  }

  private async pageOf(context: LoginContext, call: StageCall): Promise<Tab> {
    context.wanted++
    try {
      this.letGo()
      await this.opened(context, call)
      return await context.take(call)
    } finally {
      context.wanted--
    }
  }

  private letGo(): void {
    letGo([...this.contexts.values()], context => this.retire(context))
  }

  /** The page as the last call left it; its idle time takes no slot. */
  private async screen(call: StageCall, plan: Plan, slots: Slots): Promise<Lease> {
    const { id, use } = call.screen as NonNullable<StageCall['screen']>
    const known = this.screens.get(id)
    const isThere = known?.context.usable === true && !known.tab.page.isClosed()
    if (!isThere) await this.closeScreen(id)
    if (!isThere && use !== 'pinned') throw screenGone()
    const { context, tab } = isThere ? known : await this.openScreen(id, call, plan)
    if (isThere) tab.begin(() => call.committed)
    let returned = false
    const release = (keep: boolean) => {
      if (returned) return
      returned = true
      // Another one may have been opened in its place.
      if (!keep && this.screens.get(id)?.tab === tab) void this.closeScreen(id)
      slots.give()
    }
    return { tab, context, isFresh: !isThere, release }
  }

  private async openScreen(id: string, call: StageCall, plan: Plan): Promise<{ context: LoginContext; tab: Tab }> {
    this.lockout.check(loginOf(call))
    const context = new LoginContext({ key: `${keyOf(call)} ${id}`, browsers: this.browsers, call, plan })
    this.all.add(context)
    try {
      await this.opened(context, call)
      const opened = { context, tab: await context.take(call) }
      this.screens.set(id, opened)
      return opened
    } catch (error) {
      this.retire(context)
      throw error
    }
  }

  async closeScreen(id: string): Promise<void> {
    const known = this.screens.get(id)
    if (known === undefined) return
    this.screens.delete(id)
    known.context.give(known.tab, false)
    this.retire(known.context)
  }

  private async opened(context: LoginContext, call: StageCall): Promise<void> {
    try {
      await abortable(context.ready, call.signal)
    } catch (error) {
      if (!call.signal.aborted || context.failed) {
        this.retire(context)
        this.noteFailure(context, call, error)
      }
      throw error
    }
    if (context.uses === 0) this.lockout.succeeded(loginOf(call))
  }

  /** Several runs may have waited for it: it failed once. */
  private noteFailure(context: LoginContext, call: StageCall, error: unknown): void {
    if (!context.isFruitless || !Error.isError(error)) return
    context.isFruitless = false
    this.lockout.failed(loginOf(call), { error, isRefused: isRefusedLogin(error) })
  }

  private contextOf(key: string, call: StageCall, plan: Plan): LoginContext {
    const known = this.contexts.get(key)
    if (known?.usable && known.ageMs < plan.pool.maxAgeMs) {
      this.contexts.delete(key)
      this.contexts.set(key, known)
      return known
    }
    if (known !== undefined) this.retire(known)
    this.lockout.check(loginOf(call))
    const made = new LoginContext({ key, browsers: this.browsers, call, plan })
    this.contexts.set(key, made)
    this.all.add(made)
    return made
  }

  /** Takes no new user; closes when the last one has gone. */
  retire(context: LoginContext): void {
    if (this.contexts.get(context.key) === context) this.contexts.delete(context.key)
    context.retire(() => this.all.delete(context))
  }

  private slotsOf({ bot, target }: StageCall): Slots {
    const most = target.concurrency ?? defaultConcurrency
    const known = this.slots.get(bot.key)
    if (known?.most === most) return known
    const made = known === undefined ? new Slots(most) : known.resize(most)
    this.slots.set(bot.key, made)
    return made
  }

  private sweep(): void {
    for (const context of this.contexts.values()) if (context.isOld || !context.usable) this.retire(context)
    this.lockout.sweep()
  }

  stats(): Readonly<Record<string, number>> {
    const contexts = [...this.all]
    const sum = (count: (context: LoginContext) => number) => contexts.reduce((total, context) => total + count(context), 0)
    return {
      browsers: this.browsers.alive,
      logins: contexts.length,
      pinned: this.screens.size,
      pages: sum(context => context.pages),
      idle: sum(context => context.idle),
      browsersLaunched: this.browsers.launched
    }
  }

  close(): void {
    clearInterval(this.sweeper)
    for (const context of this.all) if (context.guarded) context.destroy()
    for (const context of this.all) context.retire(() => this.all.delete(context))
  }
}

const screenGone = (): RetrofitError =>
  new RetrofitError('screen_gone', { detail: 'The page of this session is closed: it broke, or the target ended its login.' })

/** A page shows what its last run left there, so it stays with the tenant whose run that was; with it go its cookies and its login. */
const keyOf = (call: StageCall): string => `${loginOf(call)} ${createHash('sha256').update(call.run.tenant).digest('hex')}`

function loginOf({ bot, credentials, target }: StageCall): string {
  const secret = createHash('sha256').update(JSON.stringify([Object.entries(credentials).sort(), target.url, target.egress, target.reach]))
  return `${bot.key} ${bot.digest} ${secret.digest('hex')}`
}

export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  work.catch(() => undefined)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
