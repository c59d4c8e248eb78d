// Paths inside a JSON value, as JavaScript writes them.

export const appendKey = (path: string, key: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`;
export const appendIndex = (path: string, index: number): string => `${path}[${index}]`;
