#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Completion: what `sppemu complete` answers, and what bash and zsh make of it. bash's function is
# driven as bash drives it: COMP_LINE, COMP_POINT, and COMPREPLY behind it.
B=${BUILD:-build}/sppemu
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0
ok() { echo "ok complete $1"; }
bad() {
    echo "FAILED complete $1"
    failed=1
}
top=$PWD program=$(realpath "$B")
mkdir "$dir/results" "$dir/bin" && ln -s "$program" "$dir/bin/sppemu"
"$B" run npe -q --no-plots --set traffic.duration=500us --set traffic.warmup=100us -o "$dir/results/one" || bad "a run to complete"
printf '[scenario]\ninclude = npe-base\n[let]\nload = 1\n[slice many*2]\nnpe = npe0\nudp_port = {30100 + i}\nvlan = {200 + i}\n' >"$dir/mine.ini"
cd "$dir" || exit 1

# answers "WORDS" EXPECTED...: the candidates behind "sppemu ", in any order
answers() {
    line=$1
    shift
    # shellcheck disable=SC2086
    case $line in *' ') found=$("$program" complete -- $line "") ;; *) found=$("$program" complete -- $line) ;; esac
    found=$(printf '%s\n' "$found" | cut -f1 | sort | tr '\n' ' ')
    wanted=$(printf '%s\n' "$@" | sort | tr '\n' ' ')
    [ "$found" = "$wanted" ] && ok "sppemu $line" || bad "sppemu $line: found $found, expected $wanted"
}
answers r run report results
answers ve verify
answers 'run fig9-' fig9-click fig9-i3 fig9-npe
answers 'run m' mine.ini mobility mpacket
answers 'run npe --st' --stats --strict
answers 'run npe --emit ' parallel slurm
answers 'run npe --emit=p' --emit=parallel
answers 'run npe --set tra' traffic.
answers 'run npe --set traffic.pat' traffic.pattern=
answers 'run npe -j2 -s traffic.pattern=' traffic.pattern=constant traffic.pattern=onoff traffic.pattern=poisson
answers 'run npe --set=router.npe=' --set=router.npe=npe0
answers 'check npe --set router.queue_packets=u' router.queue_packets=unlimited
answers 'query results/one --each sli' slice
answers 'run npe --set link' ''
answers 'check npe --set slow_path.bo' slow_path.both=
answers 'check npe --set slow_path.both=' slow_path.both=yes slow_path.both=no
answers 'run mine.ini --set many' many0. many1.
answers 'run mine.ini --set let.' let.load=
answers 'run npe --set scenario.rep' scenario.repeat=
answers 'merge ' results/one
answers 'merge res' results/
answers 'verify results/' results/one
answers 'plot results/one --log ' x y xy
answers 'plot results/one -o ' ''
answers 'help sin' sink
answers 'help ser' series
answers 'help ver' verify
answers 'list ' ''
answers 'lab ' check list start try
answers 'lab start f' fair-queueing
answers 'lab check res' results/
answers 'run npe more' ''
answers 'frob ' ''
answers 'run broken.ini --set ' ''
"$program" help | grep -q complete && bad "help does not show it" || ok "help does not show it"

# bash LINE EXPECTED...
replies() {
    line=$1
    shift
    found=$(PATH=$dir/bin:$PATH bash --norc -c '
        compopt() { :; }
        source "$1/completion/sppemu.bash"
        complete -p sppemu | grep -q "_sppemu sppemu" || exit 1
        COMP_LINE=$2 COMP_POINT=${#2}
        _sppemu sppemu
        printf "%s\n" "${COMPREPLY[@]}"' bash "$top" "$line" | sort | tr '\n' ' ')
    wanted=$(printf '%s\n' "$@" | sort | tr '\n' ' ')
    [ "$found" = "$wanted" ] && ok "bash: $line" || bad "bash: $line: found $found, expected $wanted"
}
if command -v bash >/dev/null; then
    replies 'sppemu ru' run
    replies 'sppemu run fig9-n' fig9-npe
    replies 'sppemu run npe --set traffic.pat' traffic.pattern=
    replies 'sppemu run npe --set traffic.pattern=p' poisson
    replies 'sppemu run npe --set=traffic.pat' traffic.pattern=
    replies 'sppemu run npe --set traffic.rate=' '5Gbit/s\ wire'
    replies "sppemu run npe --set 'traffic.rate=" 'traffic.rate=5Gbit/s wire'
    replies 'sppemu merge results/o' results/one
    replies 'sppemu help si' sink
fi

# zsh itself, in a terminal of its own: what Tab makes of the line.
if command -v zsh >/dev/null; then
    cat >"$dir/zsh.sh" <<'Z'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1='' PATH=$dir/bin:\$PATH fpath=($top/completion \$fpath)"
zpty -w z 'autoload -Uz compinit && compinit -u -D; setopt nolistbeep; echo READY$((1 + 1))'
zpty -r -m z line '*READY2*'
zpty -w -n z $'sppemu ru\t\C-aecho "[" \C-e "]"\n'
zpty -r -m z line $'*\n[[] sppemu run*]*' && print -r -- ran
zpty -w -n z $'sppemu run npe --set traffic.patt\t\C-aecho "[" \C-e "]"\n'
zpty -r -m z line $'*\n[[] sppemu run npe --set traffic.pattern=*]*' && print -r -- set
zpty -d z
Z
    dir=$dir top=$top timeout 60 zsh -f "$dir/zsh.sh" >"$dir/zsh.out" 2>&1
    [ "$(tr '\n' ' ' <"$dir/zsh.out")" = "ran set " ] && ok "zsh completes verbs and keys" || bad "zsh: $(head -c 300 "$dir/zsh.out")"
fi
exit $failed
