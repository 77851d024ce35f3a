#!/bin/sh
# tools/setup.sh build|test|bench: installs the Debian packages that are missing for building weir, for testing it too,
# or for measuring it beside Siddhi too. Asks nothing, and takes no time when all is there.
set -eu

build="meson ninja-build gcc libc6-dev pkg-config libzstd-dev zlib1g-dev libmicrohttpd-dev libxxhash-dev libcmocka-dev librdkafka-dev libsqlite3-dev libpq-dev"
build="$build libyaml-dev libexpat1-dev libpcre2-dev tzdata"
build="$build libunistring-dev duktape-dev liblua5.4-dev libqpid-proton11-dev"
build="$build libssl-dev libzmq3-dev libcurl4-openssl-dev"
test="$build clang-14 libclang-rt-14-dev clang-format-14 python3 zstd openssl python3-confluent-kafka postgresql"
test="$test mosquitto python3-paho-mqtt python3-zmq curl python3-websockets python3-avro"

case ${1-} in
build) packages=$build ;;
test | bench)
    packages=$test
    command -v javac >/dev/null || packages="$packages default-jdk-headless"
    command -v mvn >/dev/null || packages="$packages maven"
    python3 -m pip --version >/dev/null 2>&1 || packages="$packages python3-pip" # the schema registry's Java comes by it
    ;;
*)
    echo "usage: tools/setup.sh build|test|bench" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this is no Debian; please see to it that these are here: $packages" >&2
    exit 0
fi

missing=
for package in $packages; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
    installed*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: not root, and no sudo here; as root, run: apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "setup: installing$missing"
# shellcheck disable=SC2086 # the lists are split on purpose
if ! { # a list that can't be updated (some other repository's, perhaps) need not matter
    $as_root apt-get -q update || true
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install $missing
} >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "setup: installing failed" >&2
    exit 1
fi
