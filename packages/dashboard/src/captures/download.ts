/** Has the browser save what comes from a path of this server, while it comes: nothing of it is held in the page. */
export function download(path: string, name: string): void {
  const link = document.createElement('a');
  link.href = path;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
