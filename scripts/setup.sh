#!/bin/sh
# Set up .venv for the Makefile: `scripts/setup.sh runtime` or `scripts/setup.sh dev`.
# Does nothing while .venv agrees with pyproject.toml and constraints.txt.
# PYTHON names the interpreter to use; without it the newest one from 3.14 down to 3.11 is taken.
set -eu

extra=$1
venv=.venv
stamp=$venv/.$extra
log=$venv/setup.log
what_to_do='Install it or run: make PYTHON=/path/to/python3.12'

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

version_of() {
    "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    name=${PYTHON:-python3}
    if version=$(version_of "$name"); then
        fail "Python 3.11 or newer is needed; found $version at $(command -v "$name"). $what_to_do"
    fi
    fail "Python 3.11 or newer is needed; found none as '$name'. $what_to_do"
}

is_up_to_date() {
    # The stamp holds the folder, because a venv does not survive a move.
    [ -x $venv/bin/python ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$PWD" ] &&
        [ -z "$(find pyproject.toml constraints.txt -newer "$stamp")" ]
}

# A signal to make reaches this script only, so it is passed on to pip.
run_logged() {
    "$@" >>$log 2>&1 &
    child=$!
    trap 'kill $child 2>/dev/null; exit 130' INT
    trap 'kill $child 2>/dev/null; exit 143' TERM HUP
    wait $child || {
        tail -n 5 $log >&2
        fail "Setting up $venv failed; the lines above are the end of $PWD/$log."
    }
}

make_venv() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Python at $python has no venv module (Debian, Ubuntu: apt install python3-venv). $what_to_do"
    rm -rf $venv
    mkdir $venv
    run_logged "$python" -m venv $venv
}

python=
if [ -n "${PYTHON:-}" ]; then
    python=$(find_python)
    # Another version than before: make the venv anew.
    [ "$(version_of "$python")" = "$(version_of $venv/bin/python)" ] || rm -f "$stamp"
fi
! is_up_to_date || exit 0

python=${python:-$(find_python)}
(mkdir -p $venv && : >>$log) 2>/dev/null ||
    fail "Cannot write to $PWD/$venv. Clone the repository into a folder that you may write to."
if [ "$(version_of "$python")" != "$(version_of $venv/bin/python)" ]; then
    echo "Installing into $venv with Python $(version_of "$python") (first run, about a minute) ..."
    make_venv
else
    echo "Installing into $venv ..."
fi

# An interrupted installation leaves no stamp and is taken up again.
rm -f $venv/.runtime $venv/.dev
target=.
[ "$extra" = runtime ] || target=".[$extra]"
run_logged $venv/bin/python -m pip --disable-pip-version-check --no-input install \
    --constraint constraints.txt --editable "$target"
printf '%s\n' "$PWD" >$venv/.runtime
cp $venv/.runtime "$stamp"
