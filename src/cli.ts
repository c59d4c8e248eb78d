#!/usr/bin/env node
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { t as say } from '@vscode/l10n';
import {
  commandsAlone,
  convert,
  inspect,
  parseArguments,
  print,
  printError,
  printingFailed,
  runCommand,
  usage,
  UsageError,
  watchStreams,
} from './cli/index.js';
import { help, isHelper } from './worker/thread/index.js';
import { resultJsonSchema } from './worker/record/index.js';
import { errorStack } from './protocol/index.js';

declare const productVersion: string;

async function main(args: readonly string[]): Promise<number> {
  // The sentences lie beside `dist`.
  const asked = parseArguments(args, path.join(__dirname, '..', 'l10n'));
  switch (asked.command) {
    case 'run':
      return runCommand(asked, __filename);
    case 'inspect':
      return inspect(asked);
    case 'convert':
      return convert(asked);
    case 'mcp': {
      const { serveAssistants } = await import('./mcpServer.js');
      const obstacle = await serveAssistants(asked);
      if (obstacle !== null) throw new UsageError(obstacle);
      return 0;
    }
    case 'schema':
      print(`${JSON.stringify(resultJsonSchema(), null, 2)}\n`);
      return 0;
    case 'help':
      print(usage());
      return 0;
    case 'version':
      print(`${productVersion}\n`);
      return 0;
  }
}

if (isHelper(workerData)) help(workerData);
else {
  watchStreams();
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = printingFailed() ? 2 : code;
    },
    (error: unknown) => {
      printError(
        error instanceof UsageError
          ? `${error.message}\n\n${commandsAlone()}\n${say('{0} tells more.', 'rnn-gradients --help')}\n`
          : `${errorStack(error)}\n`,
      );
      process.exitCode = 2;
    },
  );
}
