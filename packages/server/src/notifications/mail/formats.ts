export function formatCount(count: number): string {
  return new Intl.NumberFormat('en-US').format(count);
}

/** `31 January 2027 at 11:00 CET`: the workspace's own time. */
export function formatTime(rfc3339: string, timeZone: string): string {
  const at = new Date(rfc3339);
  const day = formatDay(rfc3339, timeZone);
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at);
  return `${day} at ${time}`;
}

export function formatDay(rfc3339: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long' }).format(
    new Date(rfc3339),
  );
}
