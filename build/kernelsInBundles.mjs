/**
 * How a bundle holds the compiled kernels of out/kernels. The large ones are packed, because base64 of machine code is
 * hard to pack again; who loads them unpacks the one that runs here.
 */
export const kernelsInBundles = {
  alias: {
    'kernels/relaxed.deflate': './out/kernels/relaxed.deflate',
    'kernels/simd.deflate': './out/kernels/simd.deflate',
    'kernels/numbers.wasm': './out/kernels/numbers.wasm',
  },
  loader: { '.deflate': 'binary', '.wasm': 'binary' },
};
