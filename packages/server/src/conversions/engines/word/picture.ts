export interface Picture {
  readonly kind: 'png' | 'jpeg';
  readonly bytes: Buffer;
  readonly widthPixels: number;
  readonly heightPixels: number;
}

const address = /^data:image\/(png|jpeg);base64,([A-Za-z\d+/=%]+)$/u;

/** Reads a picture from a data: address; null where it is none, or damaged. */
export function pictureOf(url: string): Picture | null {
  const [, kind, base64 = ''] = address.exec(url) ?? [];
  if (kind !== 'png' && kind !== 'jpeg') return null;
  const bytes = Buffer.from(base64, 'base64');
  const size = kind === 'png' ? sizeOfPng(bytes) : sizeOfJpeg(bytes);
  if (size === null || size.widthPixels === 0 || size.heightPixels === 0) return null;
  return { kind, bytes, ...size };
}

type Size = Pick<Picture, 'widthPixels' | 'heightPixels'>;

function sizeOfPng(bytes: Buffer): Size | null {
  if (bytes.length < 24 || bytes.toString('latin1', 1, 4) !== 'PNG') return null;
  return { widthPixels: bytes.readUInt32BE(16), heightPixels: bytes.readUInt32BE(20) };
}

/** The frame's head has it; its marker is one of C0 to CF but three. */
function sizeOfJpeg(bytes: Buffer): Size | null {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1] ?? 0;
    const isFrame = (marker & 0xf0) === 0xc0 && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return { heightPixels: bytes.readUInt16BE(at + 5), widthPixels: bytes.readUInt16BE(at + 7) };
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}
