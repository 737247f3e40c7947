/** Files of one batch, however they come. */
export const batchFilesMax = 100;

/** What stays in memory of each file; a larger one goes to the work folder. */
export const memoryBytesMax = 65_536;
