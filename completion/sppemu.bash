# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion: sppemu knows what may stand there (emu/cli/complete.c), this asks it.
_sppemu() {
    local line=${COMP_LINE:0:COMP_POINT} words word given i
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    given=${words[${#words[@]} - 1]} word=${given#[\'\"]}
    words[${#words[@]} - 1]=$word
    mapfile -t COMPREPLY < <("$1" complete -- "${words[@]:1}" 2>/dev/null | cut -f1)
    compopt -o nosort 2>/dev/null
    [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *[.=/] ]] && compopt -o nospace 2>/dev/null
    # An = or : ends a word for bash, so it wants what is behind the last one only.
    [[ $given == "$word" && $word == *[=:]* ]] && word=${word%"${word##*[=:]}"} || word=
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=${COMPREPLY[i]#"$word"}
        [[ $given == [\'\"]* ]] || printf -v "COMPREPLY[i]" %q "${COMPREPLY[i]}"
    done
}
complete -F _sppemu sppemu
