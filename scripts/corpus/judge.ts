/** xmllint says whether documents are valid: a validator that knows nothing of us. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { escapeAttribute } from '../../src/core/write-xml.ts'
import { type QName, xsd } from '../../src/manifest/import/wsdl/qname.ts'

export interface Sheet {
  readonly text: string
  /** Elements without namespace that the driver must declare: name → type as `{uri}local`. */
  readonly parts: Readonly<Record<string, string>>
  /** The driver declares it, with nothing in it. */
  readonly wrapper?: QName
}

export interface Verdict {
  readonly valid: boolean
  readonly why: string
}

/** Undefined: the schema itself is not one that xmllint takes; `schemaError` says why. */
export interface Judgement {
  readonly verdicts: readonly (Verdict | undefined)[]
  readonly schemaError: string
}

export function judge(sheets: readonly Sheet[], { folder, files }: { folder: string; files: ReadonlyMap<string, string> }): Judgement {
  const verdicts: (Verdict | undefined)[] = new Array(sheets.length)
  let schemaError = ''
  for (const [index, bucket] of buckets(sheets).entries()) {
    const driver = join(folder, `driver${index}.xsd`)
    writeFileSync(driver, bucket.wrappers === undefined ? driverText(bucket.parts, files) : wrapperText(bucket.wrappers))
    mkdirSync(join(folder, 'cases'), { recursive: true })
    for (let from = 0; from < bucket.indexes.length; from += 200) {
      const part = bucket.indexes.slice(from, from + 200)
      const names = part.map(each => join('cases', `${each}.xml`))
      for (const [at, name] of names.entries()) writeFileSync(join(folder, name), sheets[part[at] as number]?.text ?? '')
      const { stderr } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', driver, ...names], {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 256 * 1024 * 1024
      })
      const lines = stderr.split('\n')
      if (lines.some(line => line.includes('failed to compile'))) {
        schemaError = lines.find(line => line.includes('parser error')) ?? lines[0] ?? ''
        break
      }
      for (const [at, name] of names.entries()) {
        const why = lines.find(line => line.startsWith(`${name}:`) && line.includes('error')) ?? ''
        verdicts[part[at] as number] = { valid: lines.includes(`${name} validates`), why: why.replace(/^[^:]*:\d+: /, '').slice(0, 240) }
      }
    }
  }
  return { verdicts, schemaError }
}

interface Bucket {
  readonly parts: Record<string, string>
  readonly indexes: number[]
  /** Of one namespace. */
  readonly wrappers: { readonly uri: string; readonly locals: Set<string> } | undefined
}

/** Two operations may have a part of the same name with different types. */
function buckets(sheets: readonly Sheet[]): readonly Bucket[] {
  const all: Bucket[] = []
  for (const [index, { parts, wrapper }] of sheets.entries()) {
    const fits = all.find(
      bucket =>
        bucket.wrappers?.uri === wrapper?.uri && Object.entries(parts).every(([name, type]) => (bucket.parts[name] ?? type) === type)
    )
    const bucket = fits ?? {
      parts: Object.create(null) as Record<string, string>,
      indexes: [],
      wrappers: wrapper && { uri: wrapper.uri, locals: new Set<string>() }
    }
    if (wrapper !== undefined) bucket.wrappers?.locals.add(wrapper.local)
    if (fits === undefined) all.push(bucket)
    Object.assign(bucket.parts, parts)
    bucket.indexes.push(index)
  }
  return all
}

function wrapperText({ uri, locals }: NonNullable<Bucket['wrappers']>): string {
  const elements = [...locals].map(
    local => `<xs:element name="${local}"><xs:complexType><xs:anyAttribute processContents="skip"/></xs:complexType></xs:element>`
  )
  return `<xs:schema xmlns:xs="${xsd}"${uri === '' ? '' : ` targetNamespace="${escapeAttribute(uri)}"`}>${elements.join('')}</xs:schema>`
}

function driverText(parts: Readonly<Record<string, string>>, files: ReadonlyMap<string, string>): string {
  const imports = [...files].map(
    ([uri, file]) => `<xs:import${uri === '' ? '' : ` namespace="${escapeAttribute(uri)}"`} schemaLocation="${file}"/>`
  )
  const elements = Object.entries(parts).map(([name, type], index) => {
    const [, uri = '', local = ''] = /^\{(.*)\}(.*)$/.exec(type) ?? []
    const typed =
      uri === xsd
        ? `type="xs:${local}"`
        : uri === ''
          ? `type="${local}"`
          : `xmlns:p${index}="${escapeAttribute(uri)}" type="p${index}:${local}"`
    return `<xs:element name="${name}" nillable="true" ${typed}/>`
  })
  const own = files.has('')
    ? imports.filter(each => each.includes('namespace=')).concat(`<xs:include schemaLocation="${files.get('')}"/>`)
    : imports
  return `<xs:schema xmlns:xs="${xsd}">${own.join('')}${elements.join('')}</xs:schema>`
}
