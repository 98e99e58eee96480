#!/bin/sh
# layout.sh PRODUCTS RUNTIME: lays build/ out as it will be installed.
#
#   build/bin/NAME                          finds its runtime at ../lib/kinora/swift
#   build/lib/kinora/plugins/kinora-X.so    finds it at ../swift
#   build/lib/kinora/swift                  the toolchain's folder; `make install` copies what is used
#
# Modes are set here, whatever the umask: a plugin that others may write is not loaded. Files are
# replaced and never written over, because a running daemon has the old ones mapped.
set -eu
products=$1
runtime=$2

install -d -m 755 build build/bin build/lib build/lib/kinora build/lib/kinora/plugins
ln -sfn "$runtime" build/lib/kinora/swift

place() { # FROM TO RUNPATH
  install -m 755 "$1" "$2.new"
  patchelf --set-rpath "$3" "$2.new"
  mv -f "$2.new" "$2"
}
for name in kinorad kinora kinora-sim kinora-plugin-check; do
  # shellcheck disable=SC2016
  place "$products/$name" "build/bin/$name" '$ORIGIN/../lib/kinora/swift'
done
for name in $(sed -n 's/^ *shared("\([^"]*", "\)\{0,1\}\(.*\)"),$/\L\2/p' Package.swift); do
  # shellcheck disable=SC2016
  place "$products/libkinora-$name.so" "build/lib/kinora/plugins/kinora-$name.so" '$ORIGIN/../swift'
done

# A plugin in C needs the header and a compiler, nothing of Swift.
still=build/lib/kinora/plugins/kinora-still.so
cc -std=c11 -O2 -Wall -Wextra -Werror -shared -fPIC -fvisibility=hidden \
  -Wl,--version-script=Plugins/exports.map -Wl,-z,nodelete -Wl,-z,now \
  -ISources/CKinoraPlugin/include -o $still.new Plugins/Still/still.c
chmod 755 $still.new
mv -f $still.new $still
