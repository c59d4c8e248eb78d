// What build/esbuild.mjs makes of the compiled kernels: their bytes, or those of raw deflate (RFC 1951).
declare module 'kernels/*.wasm' {
  const bytes: Uint8Array;
  export default bytes;
}
declare module 'kernels/*.deflate' {
  const bytes: Uint8Array;
  export default bytes;
}
