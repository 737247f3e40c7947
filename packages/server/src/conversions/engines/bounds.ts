/** Pixels of one picture, read or drawn; of all frames that are converted together. */
export const pixelsMax = 50_000_000;

/** Pages of a PDF that are read or written without being drawn. */
export const pdfPagesMax = 20_000;
