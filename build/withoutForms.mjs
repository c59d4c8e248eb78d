import path from 'node:path';
import { root } from './modules.mjs';

/** A plugin of esbuild: the server for assistants asks for no forms and needs no validator of their answers. */
export const withoutForms = {
  name: 'without-forms',
  setup({ onResolve }) {
    onResolve({ filter: /\/validation\/ajv-provider\.js$/ }, () => ({
      path: path.join(root, 'src', 'mcp', 'formValidator.ts'),
    }));
  },
};
