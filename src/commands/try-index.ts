/** The steps of an attempt on one page, each with its picture. It runs nothing and loads nothing but the pictures beside it. */
import type { Json } from '../core/types.ts'
import { escapeAttribute, escapeText } from '../core/write-xml.ts'
import type { TriedStep } from './trial.ts'
import type { Tried } from './tried.ts'

const policy = "default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'"
const style =
  'body{font:15px sans-serif;margin:2em}img{max-width:60em;border:1px solid #999;display:block;margin:.5em 0}.failed{color:#b00}'

export function indexPage({ action, trial }: Tried, problem: Json | undefined): string {
  const steps = trial.steps.toSorted((a, b) => a.number - b.number).map(stepOf)
  const end = problem === undefined ? '' : `<pre class="failed">${escapeText(JSON.stringify(problem, undefined, 2))}</pre>`
  return `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><title>${escapeText(action.name)}</title><style>${style}</style>
<h1>${escapeText(action.name)}</h1>${end}
${steps.join('\n')}
`
}

const stepOf = ({ number, name, ms, state, error, files }: TriedStep): string =>
  `<h2 class="${state}">${number} ${escapeText(name)}: ${state}, ${ms} ms</h2>${error === undefined ? '' : `<p class="failed">${escapeText(error)}</p>`}${files.map(fileOf).join(' ')}`

const fileOf = (file: string): string => {
  const name = escapeAttribute(file)
  return file.endsWith('.png') ? `<img src="${name}" alt="">` : `<a href="${name}">${escapeText(file)}</a>`
}
