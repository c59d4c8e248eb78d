// The server for assistants as they meet it: the SDK's own client over standard input and output.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { tools } from '../../../src/assistant/index.js';
import { ringConfig } from '../../support/experiments.js';
import { cli, longConfig, needsPosix } from './support.js';

describe('rnn-gradients mcp', () => {
  let folder = '';
  const client = new Client({ name: 'test', version: '1' });
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-mcp-'));
    const root = path.join(folder, 'root');
    await mkdir(root);
    const secret = JSON.stringify('a secret');
    await writeFile(path.join(folder, 'secret.json'), secret);
    await writeFile(path.join(root, 'half.rnn.json'), ringConfig(0.5, 2, 12));
    await writeFile(path.join(root, 'long.rnn.json'), longConfig());
    await writeFile(
      path.join(root, 'leads-out.rnn.json'),
      JSON.stringify({ weights: '../secret.json', sequences: [[[1]]] }),
    );
    const transport = new StdioClientTransport({
      command: process.execPath,
      // Where every way to open a connection is refused.
      args: [
        '--require',
        path.resolve('test/support/noNetwork.cjs'),
        path.resolve('dist/cli.js'),
        'mcp',
        '--root',
        root,
      ],
      stderr: 'pipe',
    });
    await client.connect(transport);
  });
  after(async () => {
    await client.close();
    await rm(folder, { recursive: true });
  });

  const call = async (name: string, input: Record<string, unknown>, signal?: AbortSignal) => {
    const options = signal === undefined ? {} : { signal };
    const request = { method: 'tools/call' as const, params: { name: `rnn-gradients_${name}`, arguments: input } };
    const { content, isError } = await client.request(request, CallToolResultSchema, options);
    const [first] = content;
    assert.ok(first?.type === 'text');
    return { text: first.text, isError };
  };

  it('lists the tools with their schemas', async () => {
    const listed = (await client.listTools()).tools;
    assert.deepEqual(
      listed.map(({ name, inputSchema }) => ({ name, inputSchema })),
      tools.map(({ name, inputSchema }) => ({ name, inputSchema })),
    );
    assert.ok(listed.every(({ annotations }) => annotations?.readOnlyHint === true));
  });

  it('answers in numbers', async () => {
    const analysed = await call('analyse', { path: 'half.rnn.json' });
    assert.equal(analysed.isError, false);
    assert.match(analysed.text, /^VANISHING[^]*Per step back it is multiplied by 0\.5000\./);
    const tried = await call('tryChange', { path: 'half.rnn.json', change: { sigmaMax: 1 } });
    assert.match(
      tried.text,
      /as it is: VANISHING, times 0\.5000[^]*with the change: HEALTHY, times 1\.000 per step back/,
    );
  });

  it('reads nothing outside of its folders, by whatever way', { skip: needsPosix }, async () => {
    await symlink(path.join(folder, 'secret.json'), path.join(folder, 'root', 'link.json'));
    for (const file of ['../secret.json', path.join(folder, 'secret.json'), 'link.json', 'leads-out.rnn.json']) {
      const { text, isError } = await call('analyse', { path: file });
      assert.equal(isError, true, file);
      assert.match(text, /outside of what an assistant may read here\. Expected a file below .*root.* --root/, file);
      assert.doesNotMatch(text, /a secret/, file);
    }
    // The folder itself lies inside.
    for (const itself of ['.', path.join(folder, 'root')])
      assert.match((await call('analyse', { path: itself })).text, /"\.:1:1: .* is a folder, not a file\./, itself);
    // What is not there is told no other way than what is.
    assert.match((await call('analyse', { path: '../not-there.json' })).text, /outside of what an assistant may read/);
  });

  it('ends a call that is cancelled, and answers the next', async () => {
    const controller = new AbortController();
    const slow = call('analyse', { path: 'long.rnn.json' }, controller.signal);
    controller.abort();
    await assert.rejects(slow);
    assert.match((await call('analyse', { path: 'half.rnn.json' })).text, /^VANISHING/);
  });

  it('speaks the language that is asked for, and ends with its standard input, whatever is under way', async () => {
    const args = [path.resolve('dist/cli.js'), 'mcp', '--language', 'ko', '--root', path.join(folder, 'root')];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const say = (message: object): boolean => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } };
    say({ id: 1, method: 'initialize', params });
    await once(child.stdout, 'data');
    say({ method: 'notifications/initialized' });
    const name = 'rnn-gradients_analyse';
    say({ id: 2, method: 'tools/call', params: { name, arguments: { path: '' } } });
    assert.match(String(await once(child.stdout, 'data')), /파일의 경로/);
    say({ id: 3, method: 'tools/call', params: { name, arguments: { path: 'long.rnn.json' } } });
    child.stdin.end();
    assert.deepEqual(await once(child, 'close'), [0, null]);
  });

  it('says which folder is none, and takes options alone', async () => {
    const none = await cli('mcp', '--root', path.join(folder, 'gone'));
    assert.deepEqual([none.code, none.stdout], [2, '']);
    assert.match(none.stderr, /^--root takes a folder that is there, and there is none at ".*gone"\.$/m);
    assert.match((await cli('mcp', '--root', path.join(folder, 'secret.json'))).stderr, /"[^"]*secret\.json" is none/);
    assert.match((await cli('mcp', 'x')).stderr, /^"mcp" takes options alone: "x"/);
  });

  it('is a bundle that nothing else loads, without a way to a network', async () => {
    const protocol = 'notifications/cancelled';
    const texts = await Promise.all(
      ['mcpServer', 'cli', 'worker', 'assemble', 'extension'].map((name) => readFile(`dist/${name}.js`, 'utf8')),
    );
    assert.deepEqual(
      texts.map((text) => text.includes(protocol)),
      [true, false, false, false, false],
    );
    const meta = JSON.parse(await readFile('out/meta.json', 'utf8')) as Readonly<Record<string, readonly string[]>>;
    const bundled = meta['src/mcpServer.ts'] ?? [];
    assert.ok(bundled.some((file) => file.endsWith('sdk/dist/esm/server/stdio.js')));
    assert.deepEqual(
      bundled.filter((file) =>
        /node_modules\/(?:.*\/(?:sse|\w*http|websocket|auth)\b|express|hono|eventsource)/i.test(file),
      ),
      [],
    );
  });
});
