/** One login on one target: a browser context, and its pages. */
import type { BrowserContext } from 'playwright-core'
import { RetrofitError } from '../../src/index.ts'
import type { BrowserHolder } from './browser.ts'
import { egressProxy, originsOf } from './egress.ts'
import { isGone, isRefusal, within } from './failure.ts'
import { interceptionOf } from './interception.ts'
import { openJudgingProxy } from './judging-proxy.ts'
import { logIn } from './login.ts'
import { callWith, type Plan, type Stage, type StageCall, type Watch } from './plan.ts'
import { checkReachable } from './reachable.ts'
import { Tab } from './tab.ts'

interface Options {
  readonly key: string
  readonly browsers: BrowserHolder
  readonly call: StageCall
  readonly plan: Plan
}

const loginMs = 45_000
/** A person who looks on decides when the next step begins. */
const watchedLoginMs = 24 * 60 * 60_000
/** No run has been at work for this long. */
const restMs = 10_000
/** A request that a page makes later than this, after a run, is its own. */
const trailMs = 5_000

export class LoginContext {
  readonly key: string
  readonly ready: Promise<void>
  uses = 0
  failed = false
  /** The target was there and the steps of the login came to nothing. */
  isFruitless = false
  /** Runs that have chosen it, until they have a page of it. */
  wanted = 0
  private readonly plan: Plan
  private readonly madeAt = Date.now()
  private readonly free: Tab[] = []
  private readonly busy = new Set<Tab>()
  private context: BrowserContext | undefined
  /** Address of the first page after the login. */
  home = ''
  private dead = false
  private whenEmpty: (() => void) | undefined
  private readonly gone = Promise.withResolvers<never>()
  /** Runs that wait for a page of it. */
  private takers = 0
  private resting = Promise.resolve()
  private restTimer: ReturnType<typeof setTimeout> | undefined
  /** Kills the browser that it is in. */
  destroy = () => {}

  constructor(options: Options) {
    this.key = options.key
    this.plan = options.plan
    this.ready = this.open(options).catch(error => {
      this.failed = true
      throw error
    })
    this.ready.catch(() => undefined)
    this.gone.promise.catch(() => undefined)
  }

  get usable(): boolean {
    return !this.dead && !this.failed
  }
  get ageMs(): number {
    return Date.now() - this.madeAt
  }
  get isOld(): boolean {
    return this.ageMs >= this.plan.pool.maxAgeMs
  }
  get pages(): number {
    return this.free.length + this.busy.size
  }
  get idle(): number {
    return this.free.length
  }
  get inUse(): boolean {
    return this.busy.size + this.takers + this.wanted > 0
  }
  /** A page of it may hold the one request that must not leave any more. */
  get guarded(): boolean {
    return [...this.busy].some(tab => tab.guarded)
  }

  /** A page that is logged in. */
  async take(call: StageCall): Promise<Tab> {
    this.takers++
    try {
      await this.resting
      const tab = this.freeTab() ?? (await this.newTab())
      this.busy.add(tab)
      tab.begin(() => call.committed)
      return tab
    } finally {
      this.takers--
      this.leaveWhenEmpty()
    }
  }

  give(tab: Tab, keep: boolean): void {
    this.busy.delete(tab)
    tab.leftAt = Date.now()
    const kept = keep && this.usable && !tab.page.isClosed() && this.free.length < (this.plan.pool.pages ?? Number.POSITIVE_INFINITY)
    if (kept) this.free.push(tab)
    else tab.page.close().catch(() => undefined)
    this.leaveWhenEmpty()
    this.restLater()
  }

  /** Lets one idle page go; false when there is none. */
  dropPage(): boolean {
    const tab = this.free.shift()
    tab?.page.close().catch(() => undefined)
    return tab !== undefined
  }

  private restLater(): void {
    clearTimeout(this.restTimer)
    this.restTimer = setTimeout(() => {
      if (this.busy.size + this.takers === 0 && this.usable) this.resting = this.rest()
    }, restMs).unref()
  }

  /** No request is held any more; the runs that come wait for that. A page that might ask for something meanwhile goes. */
  private async rest(): Promise<void> {
    if (this.context === undefined || !interceptionOf(this.context).isOn) return
    const restless = this.free.filter(tab => tab.heardAt > tab.leftAt + trailMs)
    for (const tab of restless) this.free.splice(this.free.indexOf(tab), 1)
    try {
      await Promise.all(restless.map(tab => within(tab.page.close(), 5_000)))
      await interceptionOf(this.context).turnOff()
    } catch {
      // A page of it does not answer.
      this.dead = true
    }
  }

  retire(gone: () => void): void {
    this.whenEmpty ??= gone
    this.dead = true
    this.ready.then(
      () => this.leaveWhenEmpty(),
      () => this.leaveWhenEmpty()
    )
  }

  private leaveWhenEmpty(): void {
    if (!this.dead || this.busy.size + this.takers > 0 || this.whenEmpty === undefined) return
    this.context?.close().catch(() => undefined)
    this.whenEmpty()
  }

  private freeTab(): Tab | undefined {
    for (let tab = this.free.pop(); tab !== undefined; tab = this.free.pop()) if (!tab.page.isClosed()) return tab
    return undefined
  }

  private async newTab(): Promise<Tab> {
    if (this.context === undefined) throw browserGone()
    // Playwright leaves it open when the browser ends meanwhile.
    const opening = Promise.race([this.context.newPage(), this.gone.promise])
    return new Tab(await within(opening, 15_000), () => this.destroy())
  }

  private async open({ browsers, call, plan }: Options): Promise<void> {
    const way = await wayOf(call.target)
    const running = await browsers.get().catch(error => {
      way.close()
      throw error
    })
    this.destroy = () => browsers.giveUp(running)
    const opening = running.browser.newContext({
      proxy: way.proxy,
      serviceWorkers: 'block',
      acceptDownloads: true,
      viewport: { width: 1024, height: 768 }
    })
    this.context = await within(opening, 15_000).catch(error => {
      way.close()
      // It lives and does not answer: the next attempt gets another one.
      browsers.giveUp(running)
      throw error
    })
    this.context.on('close', () => {
      way.close()
      this.dead = true
      this.gone.reject(browserGone())
    })
    const tab = await this.newTab()
    const own = withoutRun(call)
    if (plan.login.steps.length > 0) await logIn(stageOn(tab, own, { plan }), plan).catch(error => this.loginFailed(error, own))
    this.home = tab.page.url()
    this.free.push(tab)
  }

  private async loginFailed(error: unknown, { onlooker }: StageCall): Promise<never> {
    await onlooker?.over()
    const isDown = error instanceof RetrofitError && error.targetDown
    this.isFruitless = Error.isError(error) && !isGone(error) && !isRefusal(error) && !isDown
    throw error
  }
}

/** By itself for a bot from a file; one over HTTP goes through us, but to what an operator listed. */
async function wayOf({ url, egress, reach }: StageCall['target']): Promise<{ proxy: ReturnType<typeof egressProxy>; close(): void }> {
  const all = [...originsOf(url, egress)]
  await checkReachable({ egress: all, reach })
  if (reach === undefined || all.every(origin => reach.origins.includes(origin)))
    return { proxy: egressProxy({ url, egress }), close: () => undefined }
  const judging = await openJudgingProxy({ reach, egress: all })
  return { proxy: egressProxy({ url, egress, direct: reach.origins, server: judging.server }), close: judging.close }
}

const browserGone = (): RetrofitError => new RetrofitError('target_failed', { detail: 'the browser is gone' })

/** A login serves several runs: it is nobody's attempt. */
function withoutRun(call: StageCall): StageCall {
  const limitMs = call.onlooker?.waits ? watchedLoginMs : loginMs
  const own: Partial<StageCall> = {
    errors: [],
    deadlineAt: Date.now() + limitMs,
    signal: AbortSignal.timeout(limitMs),
    committed: false,
    input: {},
    session: {},
    step: (_, work) => work(),
    exchange: (_, __, work) => work(),
    attach: async () => undefined,
    commit: () => Promise.reject(new Error('a login has no commit point'))
  }
  return callWith(call, own)
}

export function stageOn(tab: Tab, call: StageCall, { plan, watch }: { readonly plan: Plan; readonly watch?: Watch | undefined }): Stage {
  return { call, login: plan.login, watch, tab, page: tab.page, frame: tab.page.mainFrame(), extracted: {}, locals: {} }
}
