// The tools over the Model Context Protocol, on standard input and output. Nothing listens on a network.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { serverInstructions, ToolError, tools } from '../assistant/index.js';
import type { ToolHost } from '../assistant/index.js';

declare const productVersion: string;

const answer = (text: string, isError: boolean): CallToolResult => ({ content: [{ type: 'text', text }], isError });

/** Serves until standard input ends; calls that are under way end with it. */
export async function serve(host: ToolHost): Promise<void> {
  // The high-level one takes schemas of zod alone; these are VS Code's too.
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- low-level on purpose, as its own note allows
  const server = new Server(
    { name: 'rnn-gradients', version: productVersion },
    {
      capabilities: { tools: {} },
      instructions: serverInstructions,
    },
  );
  const closing = new AbortController();
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      inputSchema,
      annotations: { readOnlyHint: true, openWorldHint: false },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (tool === undefined) {
      const known = tools.map(({ name }) => name).join(', ');
      return answer(`There is no tool ${JSON.stringify(params.name.slice(0, 80))}. Expected: ${known}.`, true);
    }
    try {
      return answer(await tool.run(params.arguments ?? {}, host, AbortSignal.any([signal, closing.signal])), false);
    } catch (error) {
      if (error instanceof ToolError) return answer(error.message, true);
      throw error;
    }
  });
  const ended = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
  });
  await server.connect(new StdioServerTransport());
  await ended;
  closing.abort();
  await server.close();
}
