/** Extensions of the files that hold tensors. What a file is, its first bytes tell; names only say what to offer. */
export const tensorExtensions = [
  'safetensors',
  'npz',
  'npy',
  'pt',
  'pth',
  'ckpt',
  'h5',
  'hdf5',
  'keras',
  'onnx',
] as const;

/** Those of tables; a .txt may be anything. */
const tableExtensions = ['csv', 'tsv', 'tab'] as const;

/** Extensions of all files that may hold numbers. */
export const readableExtensions = ['json', 'jsonc', ...tensorExtensions, ...tableExtensions] as const;

/** What files end in that hold weights and nothing else, readable or not. */
export const checkpointEnding = /\.(safetensors|pth?|ckpt|h5|hdf5|keras|onnx)$/i;

/** Names that files of weights often have: the manifest offers them by it until somebody has looked into them. */
export const likelyWeights = new RegExp(
  '((weight|state|model|param|checkpoint|ckpt|rnn|lstm|gru).*\\.jsonc?|' +
    '\\.(safetensors|npz|pth?|ckpt|h5|hdf5|keras|onnx))$',
  'i',
);

/** Whether a file of this name belongs to another program, so that nobody looks into it. */
export const isForeignName = (name: string): boolean =>
  /^(?:package|package-lock|tsconfig.*|jsconfig.*|composer|angular|launch|tasks|settings)\.jsonc?$/i.test(name);

/** Whether a file of this name may hold weights or sequences: offered to the user, never asked of one that is named. */
export const mayHoldNumbers = (name: string): boolean =>
  new RegExp(`\\.(?:${readableExtensions.join('|')})$`, 'i').test(name) && !name.endsWith('.rnn.json');
