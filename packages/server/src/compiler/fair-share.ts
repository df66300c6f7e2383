/** What there is of something that projects share, and who holds how much of it. */
export interface Holdings {
  readonly size: number;
  readonly byAll: number;
  readonly byProject: number;
}

/**
 * Whether a project may take more. It may hold so much that it has no more than a part of what others leave: alone half of all,
 * say, and beside one that has taken its half a half of the rest. So each who comes finds something, however much those before him
 * have taken, where a fixed part of the whole would be gone with two. (Switches share their buffers so: Choudhury and Hahne, Dynamic
 * queue length thresholds, 1998.) A project that holds nothing may always take the first.
 * @param share 0 < share ≤ 1
 */
export function mayTake({ size, byAll, byProject }: Holdings, share: number, more = 1): boolean {
  const free = size - byAll;
  if (free < more) return false;
  return byProject === 0 || byProject + more <= share * (free + byProject);
}
