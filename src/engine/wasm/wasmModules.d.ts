// What build/esbuild.mjs makes of the compiled kernels: their bytes.
declare module 'kernels/*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}
