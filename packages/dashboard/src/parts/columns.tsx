/** The head of a table. A column without a name has actions, and is named to those who do not see it. */
export function Columns({ names }: { readonly names: readonly string[] }) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th scope="col" key={name}>
            {name === '' ? <span class="unseen">Actions</span> : name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
