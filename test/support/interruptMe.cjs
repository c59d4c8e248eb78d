// Preloaded into a program: sends it a signal right before it touches the disk for the Nth time in order to write.
// Counted, not timed, so that every such moment can be met. INTERRUPT holds { at, signal }; how many moments there are
// goes to descriptor 3.
const fs = require('node:fs');
const { at, signal } = JSON.parse(process.env.INTERRUPT);

let touched = 0;
const watch = (owner, name, writes = () => true) => {
  const real = owner[name];
  owner[name] = (...args) => {
    if (writes(...args)) touched++;
    if (touched === at) process.kill(process.pid, signal);
    return real.apply(owner, args);
  };
};
const opensToWrite = (_, flags) => typeof flags === 'string' && flags.startsWith('w');
watch(fs, 'openSync', opensToWrite);
watch(fs, 'open', opensToWrite);
for (const name of ['write', 'writev', 'fsync', 'fchmod']) watch(fs, name);
for (const name of ['writeFile', 'rename']) watch(fs.promises, name);
process.on('exit', () => fs.writeSync(3, String(touched)));
