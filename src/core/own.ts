/** An object's own member under a name that somebody else chose; `constructor` and `toString` belong to every object. */
export const own = <T>(object: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined
