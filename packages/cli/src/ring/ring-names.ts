/**
 * The name of a file of a ring, as dumpcap gives it: `web.pcapng` becomes `web_00001_20261130180000.pcapng`, in local time.
 * @param number of the file, from 1 @param at when it is begun, in ms since 1970
 */
export function ringName(path: string, number: number, at: number): string {
  const slash = path.lastIndexOf('/');
  const dot = path.lastIndexOf('.');
  // A name that begins with its only dot has no ending.
  const cut = dot > slash + 1 ? dot : path.length;
  const time = new Date(at);
  const two = (part: number) => String(part).padStart(2, '0');
  const date = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  const clock = `${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
  return `${path.slice(0, cut)}_${String(number).padStart(5, '0')}_${date}${clock}${path.slice(cut)}`;
}
