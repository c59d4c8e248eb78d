import type { ReleaseConfig } from './releaseFields.mjs';
declare const config: ReleaseConfig;
export default config;
