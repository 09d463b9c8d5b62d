/** Whether two versions have the same first number, also where it is 0: what breaks callers needs another one (https://semver.org, 8). */
export const isSameMajor = (before: string, after: string): boolean => before.split('.')[0] === after.split('.')[0]
