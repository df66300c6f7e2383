/** What decides who can read a file, as stat(2) says it. */
export interface FileAccess {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Who the program runs as. */
export interface ProcessIdentity {
  readonly uid: number;
  readonly gid: number;
}

/** This process's effective user and group. */
export function processIdentity(): ProcessIdentity {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}

/** A file that the service's user owns is right for the service: root, who only tries it out, must not take it away from it. */
const foreignAdvice = (path: string, owner: number, self: number): string =>
  self === 0
    ? `run this program as that user (runuser -u $(id -nu ${owner}) -- ...), or, if it runs as root always, mend it with: chown 0 ${path}`
    : `mend it with: chown ${self} ${path}`;

/**
 * Why a file is no place for a secret, with the command that mends it; null if it is one. Its owner is root or the program's
 * user; a group may read it if it is root's or the program's own (as systemd and Kubernetes hand out secrets), nobody else
 * may, and nobody but the owner may write.
 */
export function secretProblem(path: string, access: FileAccess, self: ProcessIdentity): string | null {
  const mode = access.mode & 0o7777;
  const shown = mode.toString(8).padStart(4, '0');
  if (access.uid !== 0 && access.uid !== self.uid)
    return `${path} holds a secret and belongs to user ${access.uid}, who is neither root nor the user of this program (${self.uid}); ${foreignAdvice(path, access.uid, self.uid)}`;
  const ownGroup = access.gid === 0 || access.gid === self.gid;
  const tooMuch = mode & (ownGroup ? 0o037 : 0o077);
  if (tooMuch === 0) return null;
  const who = (mode & 0o007) !== 0 ? 'everybody' : ownGroup ? 'its group' : `group ${access.gid}`;
  // What a group of our own can read must stay readable: the program may live by that.
  const mended = ownGroup ? mode & 0o740 : mode & 0o700;
  const may = (tooMuch & 0o044) !== 0 ? 'read' : (tooMuch & 0o022) !== 0 ? 'write' : 'run';
  return `${path} holds a secret, and ${who} can ${may} it (mode ${shown}); mend it with: chmod ${mended.toString(8).padStart(4, '0')} ${path}`;
}
