/** What an object has of its own under a name that somebody else chose; `constructor` and `toString` are everybody's. */
export const own = <T>(object: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined
