#!/bin/sh
# Set up .venv for the Makefile: `scripts/setup.sh runtime`, or `dev`, or `bench-peers`.
# Does nothing while .venv agrees with pyproject.toml and constraints.txt.
# PYTHON names the interpreter to use; without it the newest one from 3.14 down to 3.11 is taken.
set -eu

extra=$1
folder=$(pwd -P)
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
    [ "$("$1" -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null)" = True ]
}

first_new_enough() {
    for name in "$@"; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    found="none as '$name'"
    version=$(version_of "$name") && found="$version at $(command -v "$name")"
    fail "Python 3.11 or newer is needed; found $found. $what_to_do"
}

# A venv does not survive a move of its folder, nor a change of Python.
is_sound() {
    is_new_enough $venv/bin/python && [ "$(cat $venv/.folder 2>/dev/null)" = "$folder" ] &&
        { [ -z "$python" ] || [ "$(version_of "$python")" = "$(version_of $venv/bin/python)" ]; }
}

is_up_to_date() {
    [ -f "$stamp" ] && [ -z "$(find pyproject.toml constraints.txt -newer "$stamp")" ]
}

# A signal to make reaches this script only, so it is passed on to pip.
run_logged() {
    "$@" >>$log 2>&1 &
    child=$!
    trap 'kill $child 2>/dev/null; exit 130' INT
    trap 'kill $child 2>/dev/null; exit 143' TERM HUP
    wait $child || {
        tail -n 5 $log >&2
        fail "Setting up $venv failed; the lines above are the end of $folder/$log."
    }
}

make_venv() {
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Python at $python has no venv module (Debian, Ubuntu: apt install python3-venv). $what_to_do"
    echo "Installing into $venv with Python $(version_of "$python") (first run, about a minute) ..."
    rm -rf $venv
    mkdir $venv
    run_logged "$python" -m venv $venv
    printf '%s\n' "$folder" >$venv/.folder
}

install() {
    target=".[$extra]"
    # An interrupted installation leaves no stamp and is taken up again.
    rm -f $venv/.runtime $venv/.dev
    run_logged $venv/bin/python -m pip --disable-pip-version-check --no-input install \
        --constraint constraints.txt --editable "$target"
    touch $venv/.runtime "$stamp"
}

python=
[ -z "${PYTHON:-}" ] || python=$(first_new_enough "$PYTHON")
if is_sound; then
    ! is_up_to_date || exit 0
    echo "Installing into $venv ..."
    install
    exit
fi
python=${python:-$(first_new_enough python3.14 python3.13 python3.12 python3.11 python3)}
(mkdir -p $venv && : >>$log) 2>/dev/null ||
    fail "Cannot write to $folder/$venv. Clone the repository into a folder that you may write to."
make_venv
install
