/** One page and what happened on it that no step asked for: dialogs, windows, answers of the target, a crash. */
import type { Dialog, Page, Response } from 'playwright-core'

export interface DialogAnswer {
  readonly accept: boolean
  readonly message?: string | undefined
  readonly value?: string | undefined
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
  /** What an unexpected dialog said. */
  surprise: string | undefined
  /** Takes the next window that opens; without it the window is closed. */
  expectPopup: ((popup: Page) => void) | undefined
  /** The committing request has not come, or has no answer yet. */
  committing = false
  /** Shuts the commit gate at once, and takes it away; with `leave`, after the page was emptied and `leave` is done. */
  closeGate: ((leave?: () => Promise<void>) => Promise<void>) | undefined
  /** Kills its browser, and every request with it. */
  readonly destroy: () => void
  private readonly opener: Tab | undefined
  private gates = 0
  private readonly answers: DialogAnswer[] = []
  private committed: () => boolean = () => false

  constructor(page: Page, destroy: () => void, opener?: Tab) {
    this.page = page
    this.destroy = destroy
    this.opener = opener
    pooled.add(page)
    page.on('dialog', dialog => this.answer(dialog).catch(() => undefined))
    page.on('popup', popup => {
      if (this.expectPopup === undefined) popup.close().catch(() => undefined)
      else this.expectPopup(popup)
    })
    page.on('response', response => this.heard(response))
    page.on('framenavigated', () => {
      this.changed = true
    })
  }

  /** A clean slate for the next user of the page. */
  begin(committed: () => boolean): void {
    this.answers.length = 0
    this.surprise = undefined
    this.changed = false
    this.status = 0
    this.documents = 0
    this.committing = false
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

  get closed(): Promise<void> {
    return this.page.isClosed() ? Promise.resolve() : new Promise(resolve => this.page.once('close', () => resolve()))
  }

  expectDialog(answer: DialogAnswer): void {
    this.answers.push(answer)
  }

  private async answer(dialog: Dialog): Promise<void> {
    const expected = this.answers.shift()
    const message = dialog.message()
    if (expected !== undefined && (expected.message === undefined || message.includes(expected.message)))
      return expected.accept ? dialog.accept(expected.value) : dialog.dismiss()
    // An alert after the commit point only tells; a question may decide something.
    if (!(this.committed() && dialog.type() === 'alert')) this.surprise = `${dialog.type()}: ${message}`
    await dialog.dismiss()
  }

  private heard(response: Response): void {
    const request = response.request()
    if (!request.isNavigationRequest()) return
    this.changed = true
    if (!isMainFrame(this.page, response) || (response.status() >= 300 && response.status() < 400)) return
    this.status = response.status()
    this.documents++
  }
}

function isMainFrame(page: Page, response: Response): boolean {
  try {
    return response.frame() === page.mainFrame()
  } catch {
    return false
  }
}
