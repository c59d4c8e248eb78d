import path from 'node:path';

/** Whether a path leads into a folder, by names alone: links are the caller's. */
export const isUnder = (file: string, folder: string): boolean => {
  const between = path.relative(folder, file);
  return between !== '' && between !== '..' && !between.startsWith(`..${path.sep}`) && !path.isAbsolute(between);
};
