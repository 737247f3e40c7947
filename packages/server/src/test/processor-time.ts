/**
 * For a guarantee about the work that something takes: what else the machine has to do does not count.
 *
 * @returns milliseconds of processor time that this process spent, all threads together
 */
export async function processorTimeOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
