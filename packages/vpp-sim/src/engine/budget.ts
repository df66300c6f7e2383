/** Work left for everything that one injected frame causes, here and in joined simulators, so that a loop ends. */
export interface Budget {
  left: number;
}
