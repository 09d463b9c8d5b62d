/** The furniture of every page: tables inside tables, fields with labels, and ids that are new with each rendering. */
import { randomBytes } from 'node:crypto'
import { formatDate, today } from './format.ts'
import { Html, html } from './html.ts'

/** One rendering of one page. */
export interface Rendering {
  readonly user: string
  /** A fresh element id. */
  id(): string
  /** The hidden token of the form that posts to `action`. */
  viewState(action: string): string
}

export function rendering(user: string, viewState: (action: string) => string): Rendering {
  const page = randomBytes(3).toString('hex')
  let count = 0
  return { user, viewState, id: () => `ctl${page}_${(++count).toString().padStart(2, '0')}` }
}

const style = new Html(`<style type="text/css">
body { margin: 0; background: #dfe5ec; font: 11px Verdana, Arial, Helvetica, sans-serif; color: #222; }
td, th, input, select { font: 11px Verdana, Arial, Helvetica, sans-serif; }
a { color: #003399; } a:hover { color: #cc3300; }
.band { background: #0b3a6f; color: #fff; } .band td { color: #fff; } .logo { font: bold 20px "Times New Roman", Times, serif; letter-spacing: 1px; }
.rule { background: #d9a520; height: 3px; font-size: 1px; line-height: 1px; }
.nav { background: #c7d3e3; border-right: 1px solid #8fa3bd; } .nav a { text-decoration: none; } .home { background: #46688f; } .home a { color: #fff; font-weight: bold; }
.title { background: #eef2f7; border: 1px solid #8fa3bd; font: bold 13px Verdana, Arial, sans-serif; color: #0b3a6f; }
.box { background: #fff; border: 1px solid #8fa3bd; } .fl { background: #eef2f7; color: #333; width: 150px; } .fv { font-weight: bold; }
.grid { background: #8fa3bd; } .grid th { background: #46688f; color: #fff; text-align: left; } .grid td { background: #fff; } .grid tr.alt td { background: #f2f5f9; } .num { text-align: right !important; white-space: nowrap; }
.err { color: #b00000; font-weight: bold; background: #fff3cd; border: 1px solid #d9a520; } .done { color: #005c1f; font-weight: bold; }
.btn { background: #d6dfea; border: 2px outset #eef2f7; cursor: pointer; padding: 1px 10px; } .foot, .off { color: #777; font-size: 10px; }
</style>`)

export function bareDocument(title: string, body: Html): Html {
  return html`<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>${title} - BranchNet</title>${style}</head>
${body}</html>`
}

const links: ReadonlyArray<readonly [path: string, label: string]> = [
  ['/accounts', 'Account enquiry'],
  ['/transactions', 'Statements'],
  ['/transfer', 'Transfer funds'],
  ['/transfers', 'Posted transfers'],
  ['/dispute', 'New dispute'],
  ['/disputes', 'Dispute register'],
  ['/logout', 'Sign off']
]

/** A page for someone who is signed on: band, navigation, content. "Main menu" stands on it exactly once. */
export function document(page: Rendering, title: string, content: Html): Html {
  const entries = links.map(([path, label]) => html`<tr><td>&raquo; <a id="${page.id()}" href="${path}">${label}</a></td></tr>`)
  return bareDocument(
    title,
    html`<body>${band(html`User: <b>${page.user}</b> &nbsp;|&nbsp; Branch 0417 &nbsp;|&nbsp; ${formatDate(today())}`)}
<table width="100%" cellspacing="0" cellpadding="0" border="0"><tr>
<td class="nav" width="160" valign="top"><table width="100%" cellspacing="1" cellpadding="5" border="0">
<tr><td class="home"><a id="${page.id()}" href="/menu">Main menu</a></td></tr>${entries}</table></td>
<td valign="top"><table width="100%" cellspacing="0" cellpadding="12" border="0"><tr><td>
<table width="100%" cellspacing="0" cellpadding="5" border="0"><tr><td class="title" id="${page.id()}">${title}</td></tr></table><br>
${content}</td></tr></table></td></tr></table>
<p class="foot" align="center">BranchNet Teller 3.2.1 &copy; 2004 Kingsbridge &amp; County Bank. Best viewed at 1024 x 768.</p></body>`
  )
}

export function band(right: Html): Html {
  return html`<table class="band" width="100%" cellspacing="0" cellpadding="8" border="0"><tr><td class="logo">Kingsbridge &amp; County Bank</td>
<td align="right">${right}</td></tr></table><table width="100%" cellspacing="0" cellpadding="0" border="0"><tr><td class="rule">&nbsp;</td></tr></table>`
}

export interface Field {
  readonly label: string
  readonly name: string
  readonly value?: string | undefined
  readonly maxLength?: number
  readonly type?: 'text' | 'password'
  /** Makes it a drop-down list. */
  readonly choices?: readonly string[]
}

export interface Form {
  readonly action: string
  readonly button: string
  readonly fields: readonly Field[]
  readonly error?: string | undefined
}

export function form(page: Rendering, { action, button, fields, error }: Form): Html {
  return html`${error === undefined ? undefined : notice(page, error)}<form id="${page.id()}" method="post" action="${action}">${viewState(page, action)}
<table class="box" cellspacing="1" cellpadding="4" border="0">${fields.map(field => fieldRow(page, field))}
<tr><td class="fl">&nbsp;</td><td><input class="btn" type="submit" id="${page.id()}" value="${button}"></td></tr></table></form>`
}

export function viewState(page: Rendering, action: string): Html {
  return html`<input type="hidden" name="__VIEWSTATE" id="${page.id()}" value="${page.viewState(action)}">`
}

export function notice(page: Rendering, text: string): Html {
  return html`<table cellspacing="0" cellpadding="6" border="0"><tr><td class="err" id="${page.id()}">${text}</td></tr></table><br>`
}

function fieldRow(page: Rendering, field: Field): Html {
  const id = page.id()
  return html`<tr><td class="fl"><label for="${id}">${field.label}</label></td><td>${field.choices ? select(id, field) : input(id, field)}</td></tr>`
}

function input(id: string, { name, value, maxLength, type }: Field): Html {
  const limit = maxLength === undefined ? undefined : html` maxlength="${maxLength}"`
  return html`<input type="${type ?? 'text'}" id="${id}" name="${name}" value="${value}" size="30"${limit}>`
}

function select(id: string, { name, value, choices = [] }: Field): Html {
  const options = choices.map(choice => html`<option${choice === value ? html` selected` : undefined}>${choice}</option>`)
  return html`<select id="${id}" name="${name}">${options}</select>`
}

/** Pairs of label and value, one a row. */
export function details(page: Rendering, pairs: ReadonlyArray<readonly [label: string, value: string]>): Html {
  const rows = pairs.map(([label, value]) => html`<tr><td class="fl">${label}</td><td class="fv" id="${page.id()}">${value}</td></tr>`)
  return html`<table class="box" cellspacing="1" cellpadding="4" border="0">${rows}</table>`
}

/** A table with headers; a cell that is `num` stands on the right. */
export function grid(
  page: Rendering,
  headers: readonly string[],
  rows: ReadonlyArray<readonly (string | { readonly num: string })[]>
): Html {
  const cell = (value: string | { readonly num: string }) =>
    typeof value === 'string' ? html`<td>${value}</td>` : html`<td class="num">${value.num}</td>`
  const lines = rows.map((row, index) => html`<tr${index % 2 === 1 ? html` class="alt"` : undefined}>${row.map(cell)}</tr>`)
  return html`<table class="grid" id="${page.id()}" width="100%" cellspacing="1" cellpadding="4" border="0">
<tr>${headers.map(header => html`<th>${header}</th>`)}</tr>${lines}</table>`
}
