export declare const kernelsInBundles: {
  readonly alias: Record<string, string>;
  readonly loader: Record<string, 'binary'>;
};
