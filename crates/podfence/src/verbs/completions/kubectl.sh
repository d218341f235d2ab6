#!/usr/bin/env bash
# kubectl runs this to complete `kubectl podfence …`. It must be on the path, executable, under the name
# kubectl_complete-podfence. The candidates are those of bash; `:4` asks kubectl to add no files of its own.
source <(kubectl-podfence completions bash)
COMP_WORDS=(kubectl-podfence "$@")
COMP_CWORD=$#
_podfence kubectl-podfence "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}" :4
