/**
 * Bytes of which short texts are copied four at a time, which takes half as long as one by one and
 * less than a call into the runtime.
 */
export class WideBytes {
  readonly bytes: Buffer;
  readonly view: DataView;

  /** @param size that may be used; a copy may touch a few more. */
  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size + slackBytes);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }
}

const slackBytes = 4;

/** Copies a range and gives the position after it; up to three bytes after that are overwritten. */
export function copyWide(
  target: WideBytes,
  targetStart: number,
  source: WideBytes,
  start: number,
  end: number,
): number {
  const size = end - start;
  if (size > 256) target.bytes.set(source.bytes.subarray(start, end), targetStart);
  else {
    const [from, to] = [source.view, target.view];
    for (let at = 0; at < size; at += 4) to.setInt32(targetStart + at, from.getInt32(start + at));
  }
  return targetStart + size;
}
