import { loadConfig } from '../config.ts';

/** Where `npm test` has unpacked what it may not install; null: all is installed. */
export const { programFolder } = loadConfig();
