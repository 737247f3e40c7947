import { concatTransformationMatrix, drawObject, PDFName } from 'pdf-lib';
import { popGraphicsState, pushGraphicsState, type PDFDocument, type PDFRef } from 'pdf-lib';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { pixelsMax } from '../bounds.ts';
import { EngineError, type Warning } from '../engine.ts';
import { explainFailure } from '../image/inspect.ts';
import { lengthInPixels } from './measures.ts';

/** What PDF readers accept (ISO 32000-1, annex C), in points. */
const pagePointsMax = 14_400;
const imagePagesMax = 1000;

const papers = {
  a3: [841.89, 1190.55],
  a4: [595.28, 841.89],
  a5: [419.53, 595.28],
  letter: [612, 792],
  legal: [612, 1008],
} as const;

export type ImagePageOptions = {
  readonly paper: 'image' | keyof typeof papers;
  readonly margin: string;
  readonly dpi?: number | undefined;
};

/**
 * Appends an image as a page, or each page of a TIFF as one. JPEG data is taken over as it is, with
 * its orientation; everything else is packed without loss. Of a moving image the first frame is shown,
 * with a warning.
 *
 * @throws EngineError `document_invalid`, `document_too_complex` over 50 million pixels
 */
export async function appendImage(
  pdf: PDFDocument,
  bytes: Buffer,
  options: ImagePageOptions,
): Promise<Warning[]> {
  const open = (page = 0): Sharp =>
    sharp(bytes, { limitInputPixels: pixelsMax, failOn: 'error', page });
  try {
    const first = await open().metadata();
    const count = first.format === 'tiff' ? (first.pages ?? 1) : 1;
    if (count > imagePagesMax) {
      throw new EngineError('document_too_complex', `The image has ${count} pages.`);
    }
    for (let page = 0; page < count; page += 1) {
      const metadata = page === 0 ? first : await open(page).metadata();
      const { ref, orientation } = await embed(pdf, bytes, metadata, () => open(page));
      place(pdf, ref, metadata, orientation, options);
    }
    const more = (first.pages ?? 1) - count;
    if (more <= 0) return [];
    const detail = `${more} more frames were not converted; a page shows the first one.`;
    return [{ code: 'frames_skipped', detail }];
  } catch (error) {
    throw explainFailure(error);
  }
}

async function embed(pdf: PDFDocument, bytes: Buffer, metadata: Metadata, open: () => Sharp) {
  const { format, space, orientation = 1 } = metadata;
  if (format === 'jpeg' && (space === 'srgb' || space === 'b-w')) {
    // Reads it to its end: what is cut off is told now and not by somebody's printer.
    await open().resize(16, 16, { fit: 'fill' }).raw().toBuffer();
    // A copy: pdf-lib reads a Buffer's whole memory block, from its beginning.
    const { ref } = await pdf.embedJpg(new Uint8Array(bytes));
    return { ref, orientation };
  }
  const image = () => open().autoOrient().toColourspace('srgb');
  const opaque = !metadata.hasAlpha || (await open().stats()).isOpaque;
  const colours = await packed(pdf, image().removeAlpha(), 'DeviceRGB');
  if (opaque) return { ref: pdf.context.register(colours), orientation: 1 };
  const mask = await packed(pdf, image().extractChannel('alpha'), 'DeviceGray');
  colours.dict.set(PDFName.of('SMask'), pdf.context.register(mask));
  return { ref: pdf.context.register(colours), orientation: 1 };
}

/** The compressed rows of a PNG are what a PDF wants, down to the row filters. */
async function packed(pdf: PDFDocument, image: Sharp, space: 'DeviceRGB' | 'DeviceGray') {
  const settings = { compressionLevel: 6, adaptiveFiltering: true, palette: false };
  const { data, info } = await image
    .toColourspace(space === 'DeviceGray' ? 'b-w' : 'srgb')
    .png(settings)
    .toBuffer({ resolveWithObject: true });
  const shape = { Colors: space === 'DeviceGray' ? 1 : 3, Columns: info.width };
  return pdf.context.stream(pngRows(data), {
    Type: 'XObject',
    Subtype: 'Image',
    Width: info.width,
    Height: info.height,
    ColorSpace: space,
    BitsPerComponent: 8,
    Filter: 'FlateDecode',
    DecodeParms: { Predictor: 15, BitsPerComponent: 8, ...shape },
  });
}

function pngRows(png: Buffer): Buffer {
  const rows: Buffer[] = [];
  for (let at = 8; at + 8 <= png.length; at += 12 + png.readUInt32BE(at)) {
    const size = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') {
      rows.push(png.subarray(at + 8, at + 8 + size));
    }
  }
  return Buffer.concat(rows);
}

function place(
  pdf: PDFDocument,
  image: PDFRef,
  metadata: Metadata,
  orientation: number,
  options: ImagePageOptions,
): void {
  const turned = (metadata.orientation ?? 1) >= 5;
  const across = turned ? metadata.height : metadata.width;
  const down = turned ? metadata.width : metadata.height;
  const density = metadata.density ?? 0;
  // 72 is what files say that say nothing.
  const dpi = options.dpi ?? (density > 72 && density <= 2400 ? density : 96);
  const margin = lengthInPixels(options.margin) * 0.75;
  const paper = paperFor(options.paper, across, down);
  const natural = 72 / dpi;
  const room = paper ?? [pagePointsMax, pagePointsMax];
  const fitting = Math.min((room[0] - 2 * margin) / across, (room[1] - 2 * margin) / down);
  if (fitting <= 0) {
    throw new EngineError('invalid_request', 'The margin leaves no room on the paper.');
  }
  const scale = paper === null ? Math.min(natural, fitting) : fitting;
  const [width, height] = [across * scale, down * scale];
  const [pageWidth, pageHeight] = paper ?? [width + 2 * margin, height + 2 * margin];
  const page = pdf.addPage([pageWidth, pageHeight]);
  const left = (pageWidth - width) / 2;
  const bottom = (pageHeight - height) / 2;
  page.pushOperators(
    pushGraphicsState(),
    concatTransformationMatrix(1, 0, 0, 1, left, bottom),
    concatTransformationMatrix(...turningMatrix(orientation, width, height)),
    drawObject(page.node.newXObject('Image', image)),
    popGraphicsState(),
  );
}

/** The paper lies as the image does. */
function paperFor(
  paper: ImagePageOptions['paper'],
  across: number,
  down: number,
): readonly [number, number] | null {
  if (paper === 'image') return null;
  const [short, long] = papers[paper];
  return across > down ? [long, short] : [short, long];
}

type Matrix = [number, number, number, number, number, number];

/** From the unit square in which PDF draws an image to the page, by the EXIF orientation. */
function turningMatrix(orientation: number, width: number, height: number): Matrix {
  const matrices: readonly Matrix[] = [
    [width, 0, 0, height, 0, 0],
    [-width, 0, 0, height, width, 0],
    [-width, 0, 0, -height, width, height],
    [width, 0, 0, -height, 0, height],
    [0, -height, -width, 0, width, height],
    [0, -height, width, 0, 0, height],
    [0, height, width, 0, 0, 0],
    [0, height, -width, 0, width, 0],
  ];
  return matrices[orientation - 1] ?? [width, 0, 0, height, 0, 0];
}
