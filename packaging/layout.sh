#!/bin/sh
# layout.sh PRODUCTS RUNTIME: lays build/ out as it will be installed.
#
#   build/bin/NAME                          finds its runtime at ../lib/kinora/swift
#   build/lib/kinora/plugins/kinora-X.so    finds it at ../swift
#   build/lib/kinora/swift                  the toolchain's folder; `make install` copies what is used
#
#   build/share/kinora                      what a plugin's author needs; `kinora plugin new` reads it
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
for name in $(sed -n 's/^ *("[^"]*", "\(.*\)"),$/\1/p' Package.swift); do
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

# The kit: SDK, templates, schemas. A folder at a time, so that nothing old stays in it.
kit=build/share/kinora
copy() { # FOLDER-FROM FOLDER-TO
  (cd "$1" && find . -type f) | while read -r file; do install -D -m 644 "$1/$file" "$2/$file"; done
}
rm -rf $kit
copy packaging/sdk $kit/sdk
install -m 644 Plugins/exports.map $kit/sdk/exports.map
copy Sources/KinoraPlugin $kit/sdk/Sources/KinoraPlugin
copy Sources/CKinoraPlugin $kit/sdk/Sources/CKinoraPlugin
copy packaging/templates $kit/templates
copy docs/schemas $kit/schemas
install -D -m 644 Plugins/README.md build/share/doc/kinora/plugins.md
chmod -R u=rwX,go=rX build/share
