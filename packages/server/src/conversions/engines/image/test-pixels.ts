import sharp, { type Sharp } from 'sharp';
import { expect } from 'vitest';

export type Rgba = readonly [number, number, number, number?];

export const red: Rgba = [220, 40, 30];
export const green: Rgba = [40, 180, 60];
export const blue: Rgba = [30, 60, 200];
export const yellow: Rgba = [240, 220, 80];

/** The colour at each point, computed; one byte a channel. */
export function draw(
  width: number,
  height: number,
  colourAt: (x: number, y: number) => Rgba,
  channels: 3 | 4 = 3,
): Sharp {
  const data = Buffer.alloc(width * height * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b, a = 255] = colourAt(x, y);
      data.set(channels === 4 ? [r, g, b, a] : [r, g, b], (y * width + x) * channels);
    }
  }
  return sharp(data, { raw: { width, height, channels } });
}

/** Red, green over blue, yellow. */
export function quarters(width: number, height: number): (x: number, y: number) => Rgba {
  return (x, y) => {
    const right = x >= width / 2;
    return y < height / 2 ? (right ? green : red) : right ? yellow : blue;
  };
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly at: (x: number, y: number) => number[];
}

/** An image decoded to 8 bits a channel; `page` of those with several. */
export async function pixelsOf(bytes: Buffer, page?: number): Promise<Pixels> {
  const image = sharp(bytes, page === undefined ? {} : { page });
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return {
    width,
    height,
    at: (x, y) => [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)],
  };
}

/** The largest difference of a channel. */
export function distance(actual: readonly number[], expected: Rgba): number {
  const differences = expected.map((value, index) =>
    Math.abs((actual[index] ?? 255) - (value ?? 0)),
  );
  return Math.max(...differences);
}

/** A picture of `quarters`, at any size. */
export async function expectQuarters(bytes: Buffer, tolerance: number): Promise<void> {
  const { width, height, at } = await pixelsOf(bytes);
  const points: [number, number, Rgba][] = [
    [0.25, 0.25, red],
    [0.75, 0.25, green],
    [0.25, 0.75, blue],
    [0.75, 0.75, yellow],
  ];
  for (const [x, y, colour] of points) {
    const found = at(Math.floor(width * x), Math.floor(height * y));
    expect(distance(found, colour)).toBeLessThanOrEqual(tolerance);
  }
}
