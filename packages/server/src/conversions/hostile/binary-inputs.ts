import { crc32, deflateSync } from 'node:zlib';
import { crowd, damage, noise, zipOf, type HostileInput } from './hostile-input.ts';

const pngMagic = Buffer.from('89504e470d0a1a0a', 'hex');

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** A grey PNG of the given size; its pixels may be fewer than it says. */
function pngOf(width: number, height: number, pixels: Buffer, more: Buffer[] = []): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const data = pngChunk('IDAT', deflateSync(pixels, { level: 9 }));
  return Buffer.concat([
    pngMagic,
    pngChunk('IHDR', head),
    ...more,
    data,
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

const smallPng = () => pngOf(8, 8, Buffer.alloc(72));

function gifOf(width: number, height: number, frames: number): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(width);
  size.writeUInt16LE(height, 2);
  const frame = Buffer.from('2c000000000100010000020244010 0'.replaceAll(' ', ''), 'hex');
  return Buffer.concat([
    Buffer.from('GIF89a'),
    size,
    Buffer.from('800000000000ffffff', 'hex'),
    ...Array.from({ length: frames }, () => frame),
    Buffer.from(';'),
  ]);
}

/** A TIFF of one strip that lies outside of the file. */
function tiffOf(width: number, height: number): Buffer {
  const tags = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 0x7fffff00],
    [278, 4, height],
    [279, 4, 0x7fffff00],
  ];
  const file = Buffer.alloc(8 + 2 + tags.length * 12 + 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(tags.length, 8);
  for (const [index, [tag = 0, type = 0, value = 0]] of tags.entries()) {
    const at = 10 + index * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt32LE(value, at + 8);
  }
  return file;
}

const images: readonly HostileInput[] = [
  {
    name: 'PNG of 10,000 by 10,000 in 100 KB',
    filename: 'a.png',
    bytes: () => pngOf(10_000, 10_000, Buffer.alloc(10_001 * 10_000)),
  },
  {
    name: 'PNG that says it has four billion lines',
    filename: 'a.png',
    bytes: () => pngOf(0x7fffffff, 0x7fffffff, Buffer.alloc(100)),
  },
  {
    name: 'PNG with a text that inflates a thousand times',
    filename: 'a.png',
    outcome: 'either',
    bytes: () => {
      const text = Buffer.concat([
        Buffer.from('bomb\0\0', 'latin1'),
        deflateSync(Buffer.alloc(200 * 1024 * 1024)),
      ]);
      return pngOf(8, 8, Buffer.alloc(72), [pngChunk('zTXt', text), pngChunk('iCCP', text)]);
    },
  },
  { name: 'PNG cut off', filename: 'a.png', bytes: () => smallPng().subarray(0, 40) },
  {
    name: 'GIF of 100,000 frames',
    filename: 'a.gif',
    outcome: 'either',
    bytes: () => gifOf(1, 1, 100_000),
  },
  {
    name: 'GIF of 65,535 by 65,535',
    filename: 'a.gif',
    // Its one frame has one pixel; a decoder may go by that.
    outcome: 'either',
    bytes: () => gifOf(65_535, 65_535, 1),
  },
  {
    name: 'TIFF whose pixels lie outside of it',
    filename: 'a.tiff',
    bytes: () => tiffOf(60_000, 60_000),
  },
  {
    name: 'JPEG of noise behind its signature',
    filename: 'a.jpg',
    bytes: () =>
      Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), noise(9000)]),
  },
  {
    name: 'WEBP of noise behind its signature',
    filename: 'a.webp',
    bytes: () =>
      Buffer.concat([Buffer.from('RIFF\u00f0\u0010\0\0WEBPVP8 ', 'latin1'), noise(4300)]),
  },
  {
    name: 'HEIC of noise behind its signature',
    filename: 'a.heic',
    bytes: () =>
      Buffer.concat([Buffer.from('\0\0\0\u0018ftypheic\0\0\0\0mif1heic', 'latin1'), noise(4000)]),
  },
  {
    name: 'AVIF of noise behind its signature',
    filename: 'a.avif',
    bytes: () =>
      Buffer.concat([Buffer.from('\0\0\0\u0018ftypavif\0\0\0\0mif1avif', 'latin1'), noise(4000)]),
  },
];

const media: readonly HostileInput[] = [
  {
    name: 'playlist that names an address and a file, as video',
    filename: 'a.mp4',
    bytes: ({ origin, secretPath }) =>
      Buffer.from(
        `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\n${origin}/hls\n#EXTINF:10.0,\n` +
          `concat:file://${secretPath}|subfile,,start,0,end,99,,:${secretPath}\n#EXT-X-ENDLIST\n`,
      ),
  },
  {
    name: 'list of files for ffmpeg, as audio',
    filename: 'a.mp3',
    bytes: ({ secretPath }) => Buffer.from(`ffconcat version 1.0\nfile '${secretPath}'\n`),
  },
  {
    name: 'WAV that says it is four gigabytes long',
    filename: 'a.wav',
    outcome: 'either',
    bytes: () =>
      Buffer.concat([
        Buffer.from('RIFF\u00ff\u00ff\u00ff\u00ffWAVEfmt \u0010\0\0\0\u0001\0\u0001\0', 'latin1'),
        Buffer.from('44ac0000885801000200100064617461ffffffff', 'hex'),
        noise(2000),
      ]),
  },
  {
    name: 'MP4 whose index is noise',
    filename: 'a.mp4',
    bytes: () =>
      Buffer.concat([
        Buffer.from('\0\0\0\u0018ftypisom\0\0\u0002\0isommp41\0\0\u0010\0moov', 'latin1'),
        noise(4088),
      ]),
  },
  {
    name: 'Matroska of noise',
    filename: 'a.mkv',
    bytes: () =>
      Buffer.concat([Buffer.from('1a45dfa3934282886d6174726f736b61', 'hex'), noise(5000)]),
  },
];

const others: readonly HostileInput[] = [
  {
    name: 'Parquet with a footer longer than the file',
    filename: 'a.parquet',
    bytes: () =>
      Buffer.concat([
        Buffer.from('PAR1'),
        noise(900),
        Buffer.from('ffffff7f', 'hex'),
        Buffer.from('PAR1'),
      ]),
  },
  {
    name: 'Parquet of noise',
    filename: 'a.parquet',
    bytes: () =>
      Buffer.concat([
        Buffer.from('PAR1'),
        noise(900),
        Buffer.from('84030000', 'hex'),
        Buffer.from('PAR1'),
      ]),
  },
  {
    name: 'ZIP whose entries climb out, with a link',
    filename: 'a.zip',
    outcome: 'either',
    bytes: async () => {
      // The writer refuses such names: they are put in afterwards, at the same length.
      const zip = await zipOf({ 'xxxxxxxxxx/passwd': 'x', 'b.png': smallPng() }, (file) =>
        file.addBuffer(Buffer.from('/etc/passwd'), 'link.png', { mode: 0o120777 }),
      );
      const text = zip
        .toString('latin1')
        .replaceAll('xxxxxxxxxx/passwd', '../../../../passwd'.slice(0, 17));
      return Buffer.from(text, 'latin1');
    },
  },
  {
    name: 'ZIP of ZIPs',
    filename: 'a.zip',
    bytes: async () => {
      let zip = await zipOf({ 'a.txt': 'x' });
      for (let level = 0; level < 10; level++) zip = await zipOf({ 'a.zip': zip, 'b.zip': zip });
      return zip;
    },
  },
  {
    name: 'ZIP whose entries are one and the same 10 MB',
    filename: 'a.zip',
    bytes: async () => crowd(await zipOf({ 'a.pdf': Buffer.alloc(10_485_760) }), 2000),
  },
  {
    name: 'GIF that is a ZIP',
    filename: 'a.gif',
    outcome: 'either',
    bytes: async () => Buffer.concat([gifOf(1, 1, 1), await zipOf({ 'a.txt': 'x' })]),
  },
  {
    name: 'noise without a signature',
    filename: 'a.xlsx',
    bytes: () => Buffer.concat([Buffer.from([0]), noise(30_000)]),
  },
  {
    name: 'PNG that a fuzzer went over',
    filename: 'a.png',
    outcome: 'either',
    bytes: () => damage(pngOf(64, 64, noise(65 * 64)), 50, 37),
  },
];

export const binaryInputs: readonly HostileInput[] = [...images, ...media, ...others];
