/** Lets the browser save what a server sends: for a POST, which no link can make. */
export async function saveStream(
  stream: ReadableStream<Uint8Array>,
  filename: string,
): Promise<void> {
  const url = URL.createObjectURL(await new Response(stream).blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = filename;
  link.click();
  // The download has its own hold on it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
