/**
 * The bytes of a text in base64, in any browser. Character by character: an iterator over the text, as
 * `Uint8Array.from` takes one, is twenty times as slow, and a report has megabytes.
 * @throws DOMException when it is no base64
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
