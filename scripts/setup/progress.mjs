const barWidth = 30;
/** Without a terminal a line is printed this often, so that a log shows life and stays short. */
const quietLineMs = 5000;

/**
 * Shows how far something has come: one line that redraws itself in a terminal, a line every five
 * seconds elsewhere.
 *
 * @param {number} total
 * @param {string} unit e.g. `packages`
 * @param {NodeJS.WriteStream} [out]
 */
export function startProgress(total, unit, out = process.stdout) {
  const startMs = performance.now();
  let done = 0;
  const seconds = () => Math.round((performance.now() - startMs) / 1000);
  const text = () => {
    const filled = total === 0 ? 0 : Math.round((done / total) * barWidth);
    const bar = '#'.repeat(filled).padEnd(barWidth, '.');
    const rest = done >= total ? ', unpacking' : '';
    return `  [${bar}] ${done} of ${total} ${unit}, ${seconds()} s${rest}`;
  };
  const draw = () => out.write(out.isTTY ? `\r${text()}\u001b[K` : `${text()}\n`);
  const timer = setInterval(draw, out.isTTY ? 250 : quietLineMs);
  return {
    /** @param {number} count how many are done by now */
    report(count) {
      done = Math.min(count, total);
    },
    /** @param {boolean} succeeded */
    end(succeeded) {
      clearInterval(timer);
      if (out.isTTY) out.write('\r\u001b[K');
      if (succeeded) out.write(`  ${total} ${unit} in ${seconds()} s\n`);
    },
  };
}
