import { posix } from 'node:path'
import { type Facts, factsOf, type Import, type Source } from './facts.ts'
import { doors, longFunctions, mostFunctionLines, mostLines, type Room, roomOf, rooms, settingsFile } from './house.ts'

/** `file:line: what is wrong; what is allowed`, one line each. */
export function violations(sources: readonly Source[]): string[] {
  const read = sources.map(source => ({ path: source.path, facts: factsOf(source) }))
  return [...read.flatMap(({ path, facts }) => [...imports(path, facts), ...manners(path, facts)]), ...cycles(read)]
}

function imports(path: string, { imports }: Facts): string[] {
  const name = roomOf(path)
  const room = name === undefined ? undefined : rooms[name]
  if (name === undefined || room === undefined)
    return [`${path}:1: stands in no room; add one to test/floors/house.ts: ${list(Object.keys(rooms))}`]
  return imports.flatMap(found => {
    const wrong = wrongImport(path, name, room, found)
    return wrong === undefined ? [] : [`${path}:${found.line}: ${wrong}`]
  })
}

function wrongImport(path: string, name: string, room: Room, { specifier, typeOnly }: Import): string | undefined {
  if (specifier === undefined) return 'imports a computed name; write the name out'
  if (specifier.startsWith('.')) return wrongRoom(path, name, room, specifier)
  if (specifier.startsWith('node:')) {
    const { node } = room
    return node === undefined || node.includes(specifier)
      ? undefined
      : `${name} must not import ${specifier}; of Node's it may: ${list(node)}`
  }
  const library = packageOf(specifier)
  if (admits(room.npm, library) || (typeOnly && admits(room.npmTypes ?? [], library))) return undefined
  const types = room.npmTypes ? `; as \`import type\` also: ${list(room.npmTypes)}` : ''
  return `${name} must not import ${library}; libraries it may: ${list(room.npm)}${types}`
}

function wrongRoom(path: string, name: string, room: Room, specifier: string): string | undefined {
  const target = posix.join(posix.dirname(path), specifier)
  const reached = roomOf(target)
  if (reached === name || (name === 'wiring' && target === 'package.json')) return undefined
  if (reached === undefined || !room.rooms.includes(reached))
    return `${name} must not import ${reached ?? target}; it may: ${list(room.rooms)}`
  const only = doors[reached]
  return only === undefined || only.includes(path) ? undefined : `${reached} is reached from ${list(only)} only`
}

const packageOf = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
const admits = (names: readonly string[], library: string) => names.some(name => name === library || name === `${library.split('/')[0]}/*`)
const list = (names: readonly string[]) => (names.length === 0 ? 'nothing' : names.join(', '))

function manners(path: string, { environments, anys, silenced, functions, lines }: Facts): string[] {
  const tooLong = functions.filter(found => found.lines > (longFunctions[path] ?? mostFunctionLines))
  return [
    ...(path === settingsFile
      ? []
      : environments.map(line => `${path}:${line}: reads the environment; only ${settingsFile} may, pass the setting`)),
    ...anys.map(line => `${path}:${line}: any; use unknown and look`),
    ...silenced.map(line => `${path}:${line}: silences the type checker; correct the types`),
    ...tooLong.map(found => `${path}:${found.line}: a function of ${found.lines} lines; ${mostFunctionLines} at most`),
    ...(lines > mostLines ? [`${path}:${lines}: ${lines} lines; ${mostLines} at most`] : [])
  ]
}

/** Rooms that import each other, whatever the table says. */
function cycles(read: readonly { readonly path: string; readonly facts: Facts }[]): string[] {
  const edges = new Map<string, Map<string, string>>()
  for (const { path, facts } of read) {
    const from = roomOf(path) ?? path
    for (const { specifier, line } of facts.imports.filter(found => found.specifier?.startsWith('.'))) {
      const to = roomOf(posix.join(posix.dirname(path), specifier ?? ''))
      if (to === undefined || to === from) continue
      const out = edges.get(from) ?? new Map<string, string>()
      edges.set(from, out.set(to, out.get(to) ?? `${path}:${line}`))
    }
  }
  return [...edges.keys()].flatMap(room => roundTrip(room, edges))
}

/** The shortest way from a room back to itself, told once: at its first room by name. */
function roundTrip(start: string, edges: ReadonlyMap<string, ReadonlyMap<string, string>>): string[] {
  const ways: (readonly string[])[] = [[start]]
  const seen = new Set<string>()
  for (const way of ways) {
    for (const [next] of edges.get(way.at(-1) ?? '') ?? []) {
      if (next === start)
        return way.some(room => room < start)
          ? []
          : [`${edges.get(start)?.get(way[1] ?? start)}: rooms in a circle: ${[...way, start].join(' → ')}; none may`]
      if (!seen.has(next)) ways.push([...way, next])
      seen.add(next)
    }
  }
  return []
}
