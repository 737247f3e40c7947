/** What macOS and Windows put into archives by themselves, whatever separates its folders. */
const leftBehind =
  /(?:^|[/\\])(?:__MACOSX[/\\]|\.DS_Store$|\._[^/\\]*$|Thumbs\.db$|desktop\.ini$)/iu;

/** Whether an entry is none of the files that somebody has put into the archive. */
export function isLeftBehind(name: string): boolean {
  return leftBehind.test(name);
}
