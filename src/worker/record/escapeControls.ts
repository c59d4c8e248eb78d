// Text of others (names, paths, what stands in a file) in front of a terminal, which obeys control characters instead
// of showing them.

/** C0, delete and C1, and what turns the direction of the text after it. All of them are one UTF-16 code unit. */
const controls = /[\p{Cc}\p{Bidi_Control}]/gu;
const escaped = (control: string): string => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Every control character as `\u001b`, which is also how JSON writes it. */
export const escapeControls = (text: string): string => text.replace(controls, escaped);

/** As `escapeControls`, but line ends stay: for texts that are several lines by themselves. */
export const escapeControlsOfLines = (text: string): string =>
  text.replace(controls, (control) => (control === '\n' ? control : escaped(control)));
