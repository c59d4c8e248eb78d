// What a file is called, to people: a reader of files knows it as a URI or a path.

const uriScheme = /^[a-z][a-z0-9+.-]+:/i;

/** The last part of a path or of a URI, as people write it. */
export function fileName(id: string): string {
  const [scheme] = uriScheme.exec(id) ?? [''];
  const last = id.slice(scheme.length).split(/[/\\]/).at(-1)!;
  return scheme === '' ? last : decoded(last);
}

/** A path, also of a file's URI; any other URI in the letters of its names instead of their bytes. */
export function asWritten(id: string): string {
  const [, host, path] = /^file:\/\/([^/]*)(\/.*)$/i.exec(id) ?? [];
  if (path === undefined) return uriScheme.test(id) ? decoded(id) : id;
  const names = decoded(path);
  if (host !== '') return `//${host}${names}`;
  // A drive of Windows: `/c:/models`.
  return /^\/[a-z]:/i.test(names) ? names.slice(1) : names;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // It throws nothing but a URIError: what is no URI stands as it is.
    return segment;
  }
}
