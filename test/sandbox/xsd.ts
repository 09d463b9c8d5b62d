/** A check of elements against an XML Schema, as much of it as our WSDL uses; and elements as plain data. */
import type { Element } from '../../bots/corebank/sandbox/xml.ts'

export function descendant(node: Element, ...names: string[]): Element {
  return names.reduce((parent, wanted) => {
    const child = parent.children.find(({ name }) => name === wanted)
    if (child === undefined) throw new Error(`${parent.name} has no ${wanted}`)
    return child
  }, node)
}

/** An element as data: text, or children by name (a list where a name repeats); attributes as `@name`. */
export function plain(node: Element): unknown {
  const attributes = Object.entries(node.attributes).map(([name, value]) => [`@${name}`, value])
  if (node.children.length === 0) return attributes.length === 0 ? node.text : { ...Object.fromEntries(attributes), text: node.text }
  const grouped = Object.entries(Object.groupBy(node.children, ({ name }) => name)).map(([name, group = []]) => [
    name,
    group.length === 1 ? plain(group[0] as Element) : group.map(plain)
  ])
  return { ...Object.fromEntries(attributes), ...Object.fromEntries(grouped) }
}

const builtIn: Record<string, RegExp> = {
  'xs:string': /^/,
  'xs:token': /^(\S+( \S+)*)?$/,
  'xs:decimal': /^[+-]?(\d+(\.\d*)?|\.\d+)$/,
  'xs:date': /^\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?$/,
  'xs:dateTime': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/
}

/** Says what is wrong with an element that is declared at the top of `schema`; nothing = it agrees. */
export function checker(schema: Element): (node: Element) => string[] {
  return node => mistakes(node)

  function mistakes(node: Element, declaration = top('element', node.name)): string[] {
    if (node.namespace !== schema.attributes.targetNamespace) return [`${node.name} is in namespace ${node.namespace}`]
    const named = declaration.attributes.type
    const type = named === undefined ? descendant(declaration, 'complexType') : named
    return typeof type === 'string' && (type in builtIn || topOrNone('simpleType', type) !== undefined)
      ? [...wrongText(node.name, node.text, type), ...wrongAttributes(node, [])]
      : complexMistakes(node, typeof type === 'string' ? top('complexType', type) : type)
  }

  function complexMistakes(node: Element, type: Element): string[] {
    const simple = type.children.find(({ name }) => name === 'simpleContent')
    if (simple === undefined)
      return [...wrongAttributes(node, type.children), ...wrongSequence(node, descendant(type, 'sequence').children)]
    const extension = descendant(simple, 'extension')
    return [...wrongText(node.name, node.text, extension.attributes.base ?? ''), ...wrongAttributes(node, extension.children)]
  }

  function wrongSequence(node: Element, declarations: readonly Element[]): string[] {
    const left = [...node.children]
    const wrong = declarations.flatMap(declaration => {
      const { name, minOccurs = '1', maxOccurs = '1' } = declaration.attributes
      const taken: Element[] = []
      while (left[0]?.name === name && taken.length < Number(maxOccurs.replace('unbounded', 'Infinity')))
        taken.push(left.shift() as Element)
      const few = taken.length < Number(minOccurs) ? [`${node.name} lacks ${name}`] : []
      return [...few, ...taken.flatMap(entry => mistakes(entry, declaration))]
    })
    return [...wrong, ...left.map(({ name }) => `${name} is not expected in ${node.name}`)]
  }

  function wrongAttributes(node: Element, declarations: readonly Element[]): string[] {
    const known = declarations.filter(({ name }) => name === 'attribute').map(({ attributes }) => attributes)
    const unknown = Object.keys(node.attributes).filter(name => !known.some(entry => entry.name === name))
    const wrong = known.flatMap(({ name = '', type = '' }) => wrongText(`${node.name}@${name}`, node.attributes[name] ?? '', type))
    return [...unknown.map(name => `${node.name}@${name} is not expected`), ...wrong]
  }

  function wrongText(where: string, text: string, type: string): string[] {
    if (builtIn[type] !== undefined) return builtIn[type].test(text) ? [] : [`${where}: ${text} is no ${type}`]
    const restriction = descendant(top('simpleType', type), 'restriction')
    const facets = Object.groupBy(restriction.children, ({ name }) => name)
    const values = (name: string) => facets[name]?.map(({ attributes }) => attributes.value ?? '') ?? []
    const holds =
      values('pattern').every(pattern => new RegExp(`^(?:${pattern})$`).test(text)) &&
      (values('enumeration').length === 0 || values('enumeration').includes(text)) &&
      values('maxLength').every(length => text.length <= Number(length)) &&
      values('minExclusive').every(limit => Number(text) > Number(limit))
    return [...wrongText(where, text, restriction.attributes.base ?? ''), ...(holds ? [] : [`${where}: ${text} is no ${type}`])]
  }

  function topOrNone(kind: string, name: string): Element | undefined {
    return schema.children.find(entry => entry.name === kind && entry.attributes.name === name.replace('tns:', ''))
  }
  function top(kind: string, name: string): Element {
    const found = topOrNone(kind, name)
    if (found === undefined) throw new Error(`The schema has no ${kind} ${name}`)
    return found
  }
}
