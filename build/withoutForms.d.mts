import type { Plugin } from 'esbuild';

export declare const withoutForms: Plugin;
