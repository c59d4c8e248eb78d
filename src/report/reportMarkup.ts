// What every HTML page of the product is written with.

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in an element or in a quoted attribute. */
export const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/**
 * JSON that the HTML parser leaves alone: no `</script`, no `<!--`. A script element of this type is data, which no
 * policy has to allow.
 */
export const inertJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/**
 * A script or style that may stand inside its element: nothing in it ends the element or opens a comment, and it names
 * no other file.
 */
export const inline = (text: string): string =>
  text
    .replace(/^(?:\/\/# sourceMappingURL=.*|\/\*# sourceMappingURL=.*\*\/)$/gm, '')
    .replace(/<(?=\/(?:script|style)|!--)/gi, '\\x3c');

/**
 * Hash of the empty text: the toolkit adds one empty style element to learn whether the browser knows :focus-visible;
 * no other inline style passes.
 */
export const emptyStyle = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
