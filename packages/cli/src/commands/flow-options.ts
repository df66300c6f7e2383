/** An option of `create flow` that is handed to the API as it is given. */
interface FlowOption {
  readonly flag: string;
  readonly about: string;
  readonly choices?: readonly string[];
  /** The API's attribute, and the column of a wide list. */
  readonly attribute: string;
}

/** By the names that commander gives them. */
export const flowOptions = {
  accounting: {
    flag: '--accounting <how>',
    about: 'how its copies are counted',
    choices: ['shared', 'exact'],
    attribute: 'accounting',
  },
} as const satisfies Readonly<Record<string, FlowOption>>;

export const listedFlowOptions: readonly FlowOption[] = Object.values(flowOptions);

/** What was given of them. */
export type GivenFlowOptions = { readonly [name in keyof typeof flowOptions]?: string };

/** As attributes of the API. */
export function optionAttributes(given: GivenFlowOptions): Readonly<Record<string, string>> {
  const named: Readonly<Record<string, FlowOption>> = flowOptions;
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => {
      const option = named[name];
      return option && value !== undefined ? [[option.attribute, value]] : [];
    }),
  );
}
