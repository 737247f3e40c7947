import { open } from 'node:fs/promises';
import type { EngineTask } from '../engine.ts';

const pieceBytes = 256 * 1024;

export type ReadTask = Pick<EngineTask, 'inputPath' | 'signal' | 'progress'>;

/** Which share of the whole progress one reading is. */
export interface ReadPhase {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads a task's input piece by piece, reporting progress by bytes. The buffer is reused: a piece
 * is good until the next one.
 *
 * @throws the signal's reason when aborted
 */
export async function* readPieces(task: ReadTask, phase: ReadPhase): AsyncGenerator<Buffer> {
  await using handle = await open(task.inputPath);
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(pieceBytes);
  let offset = 0;
  for (;;) {
    task.signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, pieceBytes, offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
    const share = Math.min(offset / Math.max(size, 1), 1);
    task.progress(phase.from + share * (phase.to - phase.from), phase.name);
  }
}
