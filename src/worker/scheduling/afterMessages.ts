// Waiting in ways that Node and browsers have different words for.

const waiting: (() => void)[] = [];
let channel: MessageChannel | null = null;

/** A message to oneself: a browser holds timers back for 4 ms once they follow each other. */
function sendToSelf(go: () => void): void {
  if (channel === null) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  waiting.push(go);
  channel.port2.postMessage(null);
}

/** Lets messages in: `setImmediate` where there is one, which browsers lack. */
export function afterMessages(go: () => void): void {
  if (typeof setImmediate === 'undefined') sendToSelf(go);
  else setImmediate(go);
}

/** Later, unless the process ends before: Node would wait for a timer, and a browser has only its number. */
export function unlessEnded(go: () => void, ms: number): NodeJS.Timeout {
  const timer = setTimeout(go, ms);
  if (typeof timer === 'object') timer.unref();
  return timer;
}
