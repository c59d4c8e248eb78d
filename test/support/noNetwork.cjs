// Refuses every way to open a connection, so that a program that runs with it shows that it opens none.
const dgram = require('node:dgram');
const dns = require('node:dns');
const net = require('node:net');

const refuse = (what) => () => {
  // Not an error that could be caught and swallowed.
  process.stderr.write(`${what} is refused here\n`);
  process.exit(9);
};
net.Socket.prototype.connect = refuse('A socket');
net.Server.prototype.listen = refuse('A server');
dgram.Socket.prototype.send = refuse('A datagram');
dgram.Socket.prototype.bind = refuse('A datagram');
for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  dns[name] = refuse('A look-up');
  dns.promises[name] = refuse('A look-up');
}
globalThis.fetch = refuse('A request');
