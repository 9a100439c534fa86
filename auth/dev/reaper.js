// Kills a process group once the process that started this one is gone, even if it was killed itself.
const group = Number(process.argv[2]);

process.on('disconnect', () => {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
  process.exit();
});
// The parent ends this, not a signal that the terminal sends to all.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
