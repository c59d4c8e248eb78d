// What a config can name that is no file with content, or no file that ends: made anew in a folder, or the system's.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import path from 'node:path';

/** The name of each as a config in the folder writes it, and what is told of it. */
export const specialFiles: readonly { readonly name: string; readonly says: RegExp }[] = [
  {
    name: '/dev/zero',
    says: /"\/dev\/zero" is a device, not a file\. Expected a file, found a device\. Name a file that holds JSON/,
  },
  {
    name: 'pipe.json',
    says: /"pipe\.json" is a pipe, not a file\. Expected a file, found a pipe\. Name a file that holds JSON/,
  },
  { name: 'link.json', says: /"link\.json" is a pipe, not a file\./ },
  {
    name: 'socket.json',
    says: /"socket\.json" is a socket, not a file\. Expected a file, found a socket\. Name a file that holds JSON/,
  },
  { name: 'folder.json', says: /"folder\.json" is a folder, not a file\./ },
  {
    name: 'circle.json',
    says: new RegExp(
      String.raw`"circle\.json" leads to no file: its links go round in a circle\. Expected a file, found links that ` +
        String.raw`lead back to themselves\. Lead the link to a file`,
    ),
  },
  { name: '/proc/kmsg', says: /The file is empty|"\/proc\/kmsg" (?:does not exist|may not be read)/ },
  {
    name: 'huge.json',
    says: new RegExp(
      String.raw`The file "huge\.json" is too large to be read\. Expected at most 512 MB, found 600 MB\. ` +
        'Write numbers with fewer digits',
    ),
  },
];

/** Makes those that are not the system's; the server holds the socket. */
export async function makeSpecialFiles(folder: string): Promise<Server> {
  execFileSync('mkfifo', [path.join(folder, 'pipe.json')]);
  execFileSync('ln', ['-s', 'pipe.json', path.join(folder, 'link.json')]);
  mkdirSync(path.join(folder, 'folder.json'));
  // Of two links, and through a folder that holds itself.
  symlinkSync('round/back.json', path.join(folder, 'circle.json'));
  symlinkSync('.', path.join(folder, 'round'));
  symlinkSync('circle.json', path.join(folder, 'back.json'));
  writeFileSync(path.join(folder, 'huge.json'), '[');
  // Sparse: it takes no room.
  truncateSync(path.join(folder, 'huge.json'), 600e6);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path.join(folder, 'socket.json'), resolve));
  return server;
}
