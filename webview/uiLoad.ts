// The toolkit reads the colours of the theme when the page has loaded. Coming behind the first picture it would wait
// for that for ever: while it starts, an event that has been is told at once.
window.addEventListener = (
  type: string,
  listener: EventListenerOrEventListenerObject | null,
  options?: boolean | AddEventListenerOptions,
): void => {
  if (type === 'load' && document.readyState === 'complete' && typeof listener === 'function')
    queueMicrotask(() => listener(new Event('load')));
  else EventTarget.prototype.addEventListener.call(window, type, listener, options);
};

/** It has started. */
export function asBefore(): void {
  Reflect.deleteProperty(window, 'addEventListener');
}
