/** What a shell runs to complete `taas`: it asks the command itself, which knows its options. */
export function completionScript(shell: 'bash' | 'zsh' | 'fish'): string {
  return { bash, zsh, fish }[shell];
}

const bash = `# bash: put this into /etc/bash_completion.d/taas, or into ~/.bashrc: source <(taas completion bash)
_taas() {
  local line
  COMPREPLY=()
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  # bash takes --option=value apart.
  local cur="\${COMP_WORDS[COMP_CWORD]}" prefix=""
  if [[ \${#words[@]} -ge 2 && "\${words[-2]}" == "=" ]]; then
    prefix="\${words[-3]}="
    words=("\${words[@]:0:\${#words[@]}-3}" "$prefix$cur")
  elif [[ "$cur" == "=" ]]; then
    prefix="\${words[-2]}="
    words=("\${words[@]:0:\${#words[@]}-2}" "$prefix")
  fi
  while IFS= read -r line; do
    COMPREPLY+=("\${line#"$prefix"}")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${words[@]}" 2>/dev/null)
}
complete -o default -F _taas taas
`;

const zsh = `#compdef taas
# zsh: put this into a folder of $fpath as _taas, or into ~/.zshrc: source <(taas completion zsh)
_taas() {
  local -a found
  found=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then compadd -Q -- "\${found[@]}"; else _files; fi
}
if [[ "\${funcstack[1]}" == "_taas" ]]; then _taas "$@"; else compdef _taas taas; fi
`;

const fish = `# fish: put this into ~/.config/fish/completions/taas.fish, or: taas completion fish | source
function __taas_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c taas -f -a '(__taas_complete)'
`;
