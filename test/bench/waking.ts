// What a window pays for the extension that has no config: VS Code wakes it for each JSON file with comments. Measured
// in a process of its own, with VS Code replaced by an object that answers anything; the bundles come from a production
// build (npm run package).
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { median } from './measure.js';
import type { Section } from './bench.js';

const probe = `
const Module = require('node:module');
const original = Module._load;
const anything = () => new Proxy(class {}, {
  get: (target, key) => (key === 'prototype' ? target.prototype : key === Symbol.toPrimitive ? () => 0 : anything()),
  apply: () => anything(),
});
// Only what an object has of its own reaches a bundle.
const text = require('node:fs').readFileSync(process.argv[1], 'utf8');
const asked = /\\b[\\w$]+\\.([A-Za-z]\\w+)\\b/g;
const vscode = Object.fromEntries([...text.matchAll(asked)].map(([, name]) => [name, anything()]));
Module._load = (request, ...rest) => (request === 'vscode' ? vscode : original(request, ...rest));
if (vscode.workspace) {
  const { createFileSystemWatcher, onDidOpenTextDocument, onDidChangeWorkspaceFolders } = vscode.workspace;
  const findFiles = () => Promise.resolve([]);
  vscode.workspace = {
    textDocuments: [], findFiles, createFileSystemWatcher, onDidOpenTextDocument, onDidChangeWorkspaceFolders,
  };
}
const rest = process.argv[2] === 'rest';
gc();
const [heap, cpu] = [process.memoryUsage().heapUsed, process.cpuUsage()];
const bundle = require(process.argv[1]);
if (!rest) {
  const packageJSON = require(process.argv[3]);
  bundle.activate({ subscriptions: [], extension: { packageJSON } });
}
const used = process.cpuUsage(cpu);
gc();
console.log(JSON.stringify({ ms: (used.user + used.system) / 1000, bytes: process.memoryUsage().heapUsed - heap }));
`;

type Cost = { readonly ms: number; readonly bytes: number };

function costOf(bundle: string, what: 'waiting' | 'rest'): Cost {
  const args = ['--expose-gc', '-e', probe, path.resolve(bundle), what, path.resolve('package.json')];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Cost;
}

export const waking: Section = {
  name: 'waking',
  run: (_, say) => {
    say('## A window that wakes the extension\n');
    say('| what is loaded | processor time, median of 9 | heap |');
    say('| --- | --- | --- |');
    const told = (name: string, bundle: string, what: 'waiting' | 'rest'): void => {
      const costs = Array.from({ length: 9 }, () => costOf(bundle, what));
      const [ms, bytes] = [median(costs.map((cost) => cost.ms)), median(costs.map((cost) => cost.bytes))];
      say(`| ${name} | ${ms.toFixed(1)} ms | ${(bytes / 1e6).toFixed(2)} MB |`);
    };
    told('no config: what waits for one (20 ms and 2 MB allowed)', 'dist/extension.js', 'waiting');
    told('a config: the rest, before it does anything', 'dist/assemble.js', 'rest');
    return Promise.resolve();
  },
};
