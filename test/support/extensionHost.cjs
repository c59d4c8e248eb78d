// For files that are loaded into VS Code's server by NODE_OPTIONS (--require) and mean its extension host.
'use strict';
const childProcess = require('node:child_process');
const { syncBuiltinESMExports } = require('node:module');

exports.inExtensionHost = process.argv.some((argument) => argument.includes('extensionHost'));

/** The server takes NODE_OPTIONS away from its children, so the extension host gets `file` back as it is forked. */
exports.followIntoExtensionHost = (file) => {
  const { fork } = childProcess;
  childProcess.fork = (program, args, options) => {
    const isHost = Array.isArray(args) && args.some((argument) => String(argument).includes('extensionHost'));
    return fork(
      program,
      args,
      isHost ? { ...options, env: { ...options.env, NODE_OPTIONS: `--require ${file}` } } : options,
    );
  };
  syncBuiltinESMExports();
};
