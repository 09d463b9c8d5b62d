/** One page and what happened on it that no step asked for: dialogs, windows, files, answers of the target, a crash. */
import type { Dialog, Download, Page, Request, Response } from 'playwright-core'
import { refuse } from './download.ts'
import { within } from './failure.ts'
import type { Sent } from './filled/body-fields.ts'
import { FilledFields } from './filled/filled.ts'

export interface DialogAnswer {
  readonly accept: boolean
  readonly message?: string | undefined
  readonly value?: string | undefined
}

export interface Unheld {
  readonly what: string
  /** Present for a file that was asked for. */
  readonly url?: URL | undefined
}

/** Pages that belong to a login; any other is a window that a page opened. */
export const pooled = new WeakSet<Page>()

export class Tab {
  readonly page: Page
  /** A document came since the last look at the page. */
  changed = false
  /** Status of the last document of the page itself. */
  status = 0
  /** How many documents the page has had since `begin`. */
  documents = 0
  /** The words of an unexpected dialog. */
  surprise: { readonly type: string; readonly message: string } | undefined
  /** Windows and files that came and that no step expected. */
  readonly turnedAway = new Set<'window' | 'file'>()
  /** Takes the next window that opens; without it the window is closed. */
  expectPopup: ((popup: Page) => void) | undefined
  /** Takes the next file that comes; without it the file is refused. */
  expectDownload: ((file: Download) => void) | undefined
  /** The status that the committing request was answered with; 0 before. */
  commitStatus = 0
  /** The committing request has not come, or has no answer yet. */
  committing = false
  /** When a run left it, and when an answer of any kind last came; in milliseconds, as `Date.now()`. */
  leftAt = 0
  heardAt = 0
  /** Learns of everything that leaves the page where no request can be held: through a WebSocket, or for a link with `download`. */
  onUnheld: ((unheld: Unheld) => void) | undefined
  /** Shuts the commit gate at once, and takes it away; with `leave`, after the page was emptied and `leave` is done. */
  closeGate: ((leave?: () => Promise<void>) => Promise<void>) | undefined
  /** The fields that the attempt has filled in, here and in the page that opened this window. */
  readonly filled: FilledFields
  /** Kills its browser, and every request with it. */
  readonly destroy: () => void
  private readonly opener: Tab | undefined
  private gates = 0
  private works = 0
  private departures = 0
  /** Requests without an answer. One whose body nobody reads has its answer and never ends. */
  private readonly asked = new Set<Request>()
  private askedAt = 0
  private readonly answers: DialogAnswer[] = []
  private committed: () => boolean = () => false

  constructor(page: Page, destroy: () => void, opener?: Tab) {
    this.page = page
    this.destroy = destroy
    this.opener = opener
    this.filled = opener?.filled ?? new FilledFields()
    pooled.add(page)
    page.on('dialog', dialog => this.answer(dialog).catch(() => undefined))
    page.on('popup', popup => {
      if (this.expectPopup !== undefined) return this.expectPopup(popup)
      this.turnedAway.add('window')
      popup.close().catch(() => undefined)
    })
    page.on('websocket', socket => {
      const what = `a message through the WebSocket ${pathOf(socket.url())}`
      this.onUnheld?.({ what })
      socket.on('framesent', () => this.onUnheld?.({ what }))
    })
    page.on('download', file => {
      if (/^https?:/.test(file.url())) this.onUnheld?.({ what: `GET ${pathOf(file.url())}`, url: new URL(file.url()) })
      if (this.expectDownload === undefined) this.turnedAway.add('file')
      const take = this.expectDownload ?? refuse
      this.expectDownload = undefined
      void take(file)
    })
    page.on('response', response => this.heard(response))
    page.on('request', request => this.asks(request))
    page.on('requestfailed', request => this.asked.delete(request))
    page.on('framenavigated', () => {
      this.changed = true
    })
  }

  /** A clean slate for the next user of the page. */
  begin(committed: () => boolean): void {
    this.answers.length = 0
    this.surprise = undefined
    this.turnedAway.clear()
    this.changed = false
    this.status = 0
    this.documents = 0
    this.asked.clear()
    this.committing = false
    this.commitStatus = 0
    this.committed = committed
  }

  /** Nobody may close the page, or its browser, but by force: it or a window of it may hold a request, or be about to send one. */
  get guarded(): boolean {
    return this.gates > 0
  }

  guard(gates: 1 | -1): void {
    this.gates += gates
    this.opener?.guard(gates)
  }

  /** A step is at work on it, or on a window of it; nothing calls that off but the end of the page, so no other run may have it. */
  get busy(): boolean {
    return this.works > 0
  }

  during(work: Promise<unknown>): void {
    const over = () => {
      this.works--
    }
    this.works++
    work.then(over, over)
    this.opener?.during(work)
  }

  /** For how long it has waited for nothing, in milliseconds. */
  get quietMs(): number {
    return this.asked.size > 0 ? 0 : Date.now() - Math.max(this.askedAt, this.heardAt)
  }

  get closed(): Promise<void> {
    return this.page.isClosed() ? Promise.resolve() : new Promise(resolve => this.page.once('close', () => resolve()))
  }

  expectDialog(answer: DialogAnswer): void {
    this.answers.push(answer)
  }

  /** Goes to another page, also from one that asks whether to leave it with what was not saved. */
  async goto(url: string, options?: Parameters<Page['goto']>[1]): Promise<void> {
    this.departures++
    try {
      const answer = await this.page.goto(url, options)
      if (answer === null && url.startsWith('http')) this.status = await within(this.page.evaluate(statusOfDocument), 1_000)
    } finally {
      this.departures--
    }
  }

  private async answer(dialog: Dialog): Promise<void> {
    const expected = this.answers.shift()
    const message = dialog.message()
    if (expected !== undefined && (expected.message === undefined || message.includes(expected.message)))
      return expected.accept ? dialog.accept(expected.value) : dialog.dismiss()
    if (dialog.type() === 'beforeunload' && this.departures > 0) return dialog.accept()
    // An alert after the commit point only tells; a question may decide something.
    if (!(this.committed() && dialog.type() === 'alert')) this.surprise = { type: dialog.type(), message }
    await dialog.dismiss()
  }

  /** Nobody is told of the answer to a beacon. */
  private asks(request: Request): void {
    this.askedAt = Date.now()
    if (request.resourceType() !== 'ping') this.asked.add(request)
    if (this.filled.hasFiles && request.method() !== 'GET') this.filled.asked(sentBy(request))
  }

  private heard(response: Response): void {
    this.heardAt = Date.now()
    const request = response.request()
    this.asked.delete(request)
    if (!request.isNavigationRequest()) return
    if (request.redirectedFrom() === null) this.filled.note(sentBy(request))
    this.changed = true
    if (!isMainFrame(this.page, response) || (response.status() >= 300 && response.status() < 400)) return
    this.status = response.status()
    this.documents++
  }
}

/** Nobody is told of the answer when requests begin to be held on its way, or when only the part of the page behind # is another. */
function statusOfDocument(): number {
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  return navigation?.responseStatus ?? 0
}

export const sentBy = (request: Request): Sent => ({
  method: request.method(),
  url: request.url(),
  isForm: request.isNavigationRequest() && request.method() === 'POST',
  contentType: request.headers()['content-type'] ?? '',
  body: request.postDataBuffer()
})

/** Without the query: it may hold anything. */
export const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : '(no address)')

function isMainFrame(page: Page, response: Response): boolean {
  try {
    return response.frame() === page.mainFrame()
  } catch {
    return false
  }
}
