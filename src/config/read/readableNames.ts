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
export const tableExtensions = ['csv', 'tsv', 'tab'] as const;

/** Whether a file of this name may hold weights or sequences: offered to the user, never asked of one that is named. */
export const mayHoldNumbers = (name: string): boolean =>
  new RegExp(`\\.(?:jsonc?|${[...tensorExtensions, ...tableExtensions].join('|')})$`, 'i').test(name) &&
  !name.endsWith('.rnn.json');
