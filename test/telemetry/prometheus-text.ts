/** A strict reader of the text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: Sample[]
}

const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/
const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]?Inf|[+-]?[0-9.]+(?:e[+-]?[0-9]+)?)$/
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y
const suffixes: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] }

/** Throws at the first line that breaks a rule. */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let open = ''
  let help: readonly [string, string] | undefined
  for (const line of text.split('\n')) {
    if (line === '' || (line.startsWith('#') && !/^# (HELP|TYPE) /.test(line))) continue
    const [, word, subject = '', rest = ''] = comment.exec(line) ?? []
    if (word === 'HELP') help = [subject, rest]
    else if (word === 'TYPE') {
      if (families.has(subject)) throw new Error(`${subject} is described twice`)
      if (help?.[0] !== subject) throw new Error(`${subject} has no HELP before its TYPE`)
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) throw new Error(`${subject} has the unknown type ${rest}`)
      families.set(subject, { type: rest, help: help[1], samples: [] })
      open = subject
    } else if (word === undefined) addSample(line, { open, families, seen })
  }
  return families
}

function addSample(line: string, into: { open: string; families: Map<string, Family>; seen: Set<string> }): void {
  const [, name = '', inside = '', value = ''] = sample.exec(line) ?? []
  const family = into.families.get(into.open)
  if (name === '' || family === undefined) throw new Error(`not a sample: ${line}`)
  const admitted = (suffixes[family.type] ?? ['']).map(suffix => into.open + suffix)
  if (!admitted.includes(name)) throw new Error(`${name} is not of ${into.open}`)
  const series = line.slice(0, line.lastIndexOf(' '))
  if (into.seen.has(series)) throw new Error(`${series} is there twice`)
  into.seen.add(series)
  family.samples.push({ name, labels: parseLabels(inside), value: Number(value.replace('Inf', 'Infinity')) })
}

function parseLabels(inside: string): Record<string, string> {
  const labels: Record<string, string> = {}
  label.lastIndex = 0
  while (label.lastIndex < inside.length) {
    const [, name = '', value = ''] = label.exec(inside) ?? []
    if (name === '' || name in labels) throw new Error(`bad labels: ${inside}`)
    labels[name] = value.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}
