/**
 * Loaded before the server by `npm start`: when the starter is gone, even by kill -9, the channel to
 * it closes and the server stops in good order instead of living on unseen.
 */
if (process.channel) {
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // The channel alone must not keep a server alive that has nothing left to do.
  process.channel.unref();
}
// Children that the server forks would inherit these flags, this file among them.
process.execArgv.length = 0;
